// A dialog over everything: the browser keeps the focus inside, and afterwards it goes back to where it was.

export function modal(dialog: HTMLDialogElement) {
  const before = document.activeElement;
  dialog.showModal();
  return {
    destroy() {
      dialog.close();
      const lost = document.activeElement === null || document.activeElement === document.body;
      if (lost && before instanceof HTMLElement && before.isConnected) before.focus();
    },
  };
}
