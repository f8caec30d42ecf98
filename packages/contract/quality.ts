/** How far a value can be trusted, in OPC-UA's words (OPC UA Part 8, 6.3). */
export const qualities = ['good', 'uncertain', 'bad'] as const;
export type Quality = (typeof qualities)[number];
