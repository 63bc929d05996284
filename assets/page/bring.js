// Ctrl+V anywhere on the page brings the copied picture in, and so does dropping a file anywhere.
// gr.Image has a file field for its own drop zone; giving that field the file is all it takes.

(() => {
  const IMAGE = /^image\//;

  function bring(files) {
    const file = Array.from(files).find(({ type }) => IMAGE.test(type));
    const field = document.querySelector("#photo input[type=file]");
    if (!file || !field) return false;
    const bag = new DataTransfer();
    bag.items.add(file);
    field.files = bag.files;
    field.dispatchEvent(new Event("change", { bubbles: true }));
    return true;
  }

  document.addEventListener("paste", (event) => {
    if (bring(event.clipboardData.files)) event.preventDefault();
  });
  document.addEventListener("dragover", (event) => {
    if (event.dataTransfer.types.includes("Files")) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    if (event.target.closest("#photo")) return; // its own drop zone
    if (bring(event.dataTransfer.files)) event.preventDefault();
  });
})();
