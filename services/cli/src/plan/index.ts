// Resources an installation of a given size needs, and the measured costs they are calculated from.
export {
  type AssumptionName,
  type Assumptions,
  assumptionNames,
  assumptions,
  withPresets,
} from './assumptions.js';
export { costs, cpuPerMessage, messageSlope, type Slope, type Source, slopeOf } from './costs.js';
export { planFor } from './plan.js';
