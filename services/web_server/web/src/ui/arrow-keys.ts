/** Arrow keys move the focus between the buttons of a list; Home and End move it to the first and last. */
export function moveFocus(event: KeyboardEvent): void {
  const list = event.currentTarget;
  if (!(list instanceof HTMLElement)) return;
  const buttons = [...list.querySelectorAll<HTMLElement>('button')];
  const at = buttons.indexOf(document.activeElement as HTMLElement);
  if (at < 0) return;
  const target = {
    ArrowDown: buttons[at + 1],
    ArrowUp: buttons[at - 1],
    Home: buttons[0],
    End: buttons.at(-1),
  }[event.key];
  if (!target) return;
  event.preventDefault();
  target.focus();
}
