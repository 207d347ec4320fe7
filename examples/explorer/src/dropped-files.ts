/** Files that are dropped on a page. */

/** Marks the page while files are dragged over it. Text that is dragged is left to the browser. @param dropped - called with what was dropped */
export function listenToDrops(dropped: (data: DataTransfer) => void): void {
  const { body } = document;
  body.addEventListener('dragover', (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    body.dataset.dropping = '';
  });
  body.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) delete body.dataset.dropping;
  });
  body.addEventListener('drop', (event) => {
    delete body.dataset.dropping;
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    dropped(event.dataTransfer);
  });
}
