(() => {
  const promises = [...document.querySelectorAll("details.promise")];
  const tools = document.getElementById("tools");
  const words = document.getElementById("filter");
  const wanting = document.getElementById("wanting");
  const told = document.getElementById("told");
  let texts = null;
  const filter = () => {
    const typed = words.value.trim().toLowerCase();
    let shown = 0;
    if (typed) texts ??= promises.map((each) => each.textContent.toLowerCase());
    promises.forEach((each, place) => {
      each.hidden = (wanting.checked && each.dataset.status === "kept") || !(typed === "" || texts[place].includes(typed));
      shown += !each.hidden;
    });
    told.textContent = `${shown} of ${promises.length} shown`;
  };
  tools.hidden = false;
  words.addEventListener("input", filter);
  wanting.addEventListener("change", filter);
  document.getElementById("open").addEventListener("click", () => promises.forEach((each) => { each.open = true; }));
  document.getElementById("close").addEventListener("click", () => promises.forEach((each) => { each.open = false; }));
  addEventListener("beforeprint", () => promises.forEach((each) => { each.open = true; }));
  filter();
})();
