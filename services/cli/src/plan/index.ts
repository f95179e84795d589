// What an installation of a size takes, and the measured costs it is calculated from.
export {
  type AssumptionName,
  type Assumptions,
  assumptionNames,
  assumptions,
  withPresets,
} from './assumptions.js';
export { costs, messageSlope, type Slope, type Source, slopeOf } from './costs.js';
export { planFor } from './plan.js';
