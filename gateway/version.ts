/** Version of the gateway, as `selvedge status` and the Node show it. */
export const version = '0.1.0';
