// Comfort only: every page works without this file.
const target = document.querySelector("[data-focus]");
if (target && !location.hash && document.activeElement !== target) target.focus();

// A second submit of the same form is ignored (the server refuses it too); a button is never disabled.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !form.hasAttribute("data-once")) return;
  if (form.dataset.once === "sent") event.preventDefault();
  else form.dataset.once = "sent";
});

// Coming back with the browser's button: the form may be sent again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll('[data-once="sent"]')) form.dataset.once = "";
});

// Links of the error summary put the focus in the field, a group's on its first choice.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.('#erreurs a[href^="#"]');
  const field = link && document.getElementById(link.hash.slice(1));
  if (!field) return;
  event.preventDefault();
  field.scrollIntoView({ block: "center" });
  field.focus({ preventScroll: true });
});

// A film stays with its provider until somebody asks for it; without this file there is the link.
for (const film of document.querySelectorAll("[data-film]")) {
  const button = film.querySelector("button");
  button.hidden = false;
  button.addEventListener("click", () => {
    const frame = Object.assign(document.createElement("iframe"), {
      src: film.dataset.film,
      title: film.dataset.title,
      allow: "fullscreen; picture-in-picture",
      referrerPolicy: "strict-origin-when-cross-origin", // players ask which site shows them
    });
    button.replaceWith(frame);
    frame.focus();
  });
}
