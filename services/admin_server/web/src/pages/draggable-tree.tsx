import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { ownDepartment } from '../api/session.js';
import { t } from '../text/text.js';
import type { DepartmentNode, DepartmentTree } from './department-tree.js';

interface DraggableTreeProps {
  readonly tree: DepartmentTree;
  /** @param parent where the department was dropped; undefined: at the top level */
  readonly onMove: (node: DepartmentNode, parent: DepartmentNode | undefined) => void;
  readonly children: ComponentChildren;
}

/** An element of the tree, or the place for the top level. */
type Place = HTMLElement | undefined;

/**
 * Moves departments by dragging them, which the dialog for editing does by keyboard. The handlers are those of the whole tree,
 * because there can be thousands of departments.
 */
export function DraggableTree({ tree, onMove, children }: DraggableTreeProps) {
  const dragged = useSignal<DepartmentNode | undefined>(undefined);
  const over = useSignal<Place>(undefined);
  const enter = (place: Place) => {
    over.value?.classList.remove('over');
    place?.classList.add('over');
    over.value = place;
  };
  /** @returns undefined when the dragged department cannot be dropped there */
  const placeAt = (target: EventTarget | null): Place => {
    const place = target instanceof Element ? target.closest<HTMLElement>('[data-id]') : null;
    const node = dragged.value;
    if (!place || !node) return undefined;
    const id = idOf(place);
    if (id === node.parent_id || (id !== null && tree.isWithin(id, node.department_id))) return undefined;
    return place;
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: by keyboard, the dialog for editing moves departments
    <div
      class="tree"
      onDragStart={(event) => {
        const place = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-id]') : null;
        const node = place?.draggable ? tree.get(idOf(place)) : undefined;
        if (!node || !event.dataTransfer) return;
        event.dataTransfer.effectAllowed = 'move';
        event.dataTransfer.setData('text/plain', node.name);
        dragged.value = node;
      }}
      onDragOver={(event) => {
        const place = placeAt(event.target);
        if (place) event.preventDefault();
        if (place !== over.value) enter(place);
      }}
      onDragEnd={() => {
        enter(undefined);
        dragged.value = undefined;
      }}
      onDrop={(event) => {
        const [place, node] = [placeAt(event.target), dragged.value];
        if (!place || !node) return;
        event.preventDefault();
        onMove(node, tree.get(idOf(place)));
      }}
    >
      {children}
      {ownDepartment() === null && (
        <p class="to-top quiet small" data-id="" hidden={(dragged.value?.parent_id ?? null) === null}>
          {t('department.dropTop')}
        </p>
      )}
    </div>
  );
}

/** @returns null: the top level */
function idOf(place: HTMLElement): number | null {
  return Number(place.dataset.id) || null;
}
