import { runMapper } from '@selvedge/mapper-kit/run-mapper';
import { modbusDriver } from './driver.ts';

await runMapper(modbusDriver);
