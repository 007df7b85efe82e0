// Comfort only: shows and hides questions as answers change, with the rules the server applies.
const form = document.querySelector("[data-questions]");

const answersOf = (box) => {
  const controls = [...box.querySelectorAll("input:not([type=hidden]), select, textarea")];
  const texts = [];
  for (const control of controls) {
    if (control.closest("[hidden]")) continue;
    if (control.type === "checkbox" || control.type === "radio") {
      if (control.checked) texts.push(control.value === "y" ? "yes" : control.value);
    } else if (control.list) {
      const typed = control.value.trim();
      if (typed) texts.push(JSON.parse(box.dataset.keys ?? "{}")[typed] ?? typed);
    } else if (control.value.trim()) texts.push(control.value.trim());
  }
  // An unticked box alone is a « no », as the server reads it.
  if (!texts.length && controls.length === 1 && controls[0].type === "checkbox" && controls[0].value === "y") return ["no"];
  return texts;
};

const met = (when, known) => {
  if (when.all) return when.all.every((part) => met(part, known));
  if (when.any) return when.any.some((part) => met(part, known));
  const given = known[when.question] ?? [];
  if ("answered" in when) return given.length > 0 === when.answered;
  if (!given.length) return false;
  const values = [when.is ?? when.is_not ?? when.in ?? when.not_in].flat();
  const among = given.some((text) => values.includes(text));
  return "is" in when || "in" in when ? among : !among;
};

const refresh = () => {
  const known = {};
  const shown = [];
  let gone = 0;
  const toggle = (box) => {
    const before = box.hidden;
    box.hidden = !met(JSON.parse(box.dataset.when), known);
    if (before && !box.hidden) shown.push(box);
    if (!before && box.hidden) gone += 1;
  };
  for (const box of form.querySelectorAll("[data-section], [data-question]")) {
    if (box.dataset.when) toggle(box);
    if (!box.dataset.question) continue;
    box.querySelectorAll("[data-when]").forEach(toggle);
    if (!box.closest("[hidden]")) known[box.dataset.question] = answersOf(box);
  }
  return { shown: shown.filter((box) => !box.closest("[hidden]")), gone };
};

if (form) {
  const status = form.querySelector("[data-announce]");
  form.querySelector("[data-next-step]")?.remove();
  refresh();
  form.addEventListener("change", () => {
    const { shown, gone } = refresh();
    if (shown.length) status.textContent = status.dataset.announce;
    else if (gone) status.textContent = status.dataset.gone;
  });
}
