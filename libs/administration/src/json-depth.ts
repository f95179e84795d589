/** Maximum nesting of objects and arrays in a request. */
const maxDepth = 16;

/** Whether a JSON value is nested more deeply than any valid request. */
export function isTooDeep(value: unknown, levels = maxDepth): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) return value.some((each) => isTooDeep(each, levels - 1));
  return Object.values(value).some((each) => isTooDeep(each, levels - 1));
}
