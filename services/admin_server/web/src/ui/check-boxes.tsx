import { ApiProblem } from '../api/problem.js';
import { useFault, type Values } from './form.js';

interface CheckBoxesProps {
  /** of every box; the form's values have those that are checked */
  readonly name: string;
  readonly legend: string;
  readonly options: readonly { readonly value: string; readonly label: string; readonly note?: string }[];
  readonly checked: readonly string[];
}

/** Options of which any number can be chosen. */
export function CheckBoxes({ name, legend, options, checked }: CheckBoxesProps) {
  const fault = useFault(name);
  return (
    <fieldset class="checks">
      <legend>{legend}</legend>
      {options.map(({ value, label, note }) => (
        <label key={value}>
          <input type="checkbox" name={name} value={value} defaultChecked={checked.includes(value)} />
          <span>
            {label} {note && <span class="quiet small">{note}</span>}
          </span>
        </label>
      ))}
      {fault && <span class="fault">{fault}</span>}
    </fieldset>
  );
}

/** The options that were chosen. @throws ApiProblem `problem` when none was */
export function chosenOf<Option extends string>(values: Values, name: string, problem: string): Option[] {
  const chosen = values.all(name) as Option[];
  if (chosen.length === 0) throw new ApiProblem(problem);
  return chosen;
}
