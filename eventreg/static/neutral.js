// Neutral theme: folds and the menu on small screens.
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button[aria-controls]");
  const part = button && document.getElementById(button.getAttribute("aria-controls"));
  if (!part) return;
  const open = part.classList.contains("fr-modal")
    ? part.classList.toggle("fr-modal--opened")
    : part.classList.toggle("fr-collapse--expanded");
  for (const other of document.querySelectorAll(`button[aria-controls="${part.id}"]`))
    if (other.hasAttribute("aria-expanded")) other.setAttribute("aria-expanded", String(open));
});
document.getElementById("menu-bouton")?.setAttribute("aria-expanded", "false");
document.addEventListener("keydown", (event) => {
  const menu = document.querySelector(".fr-modal--opened");
  if (event.key !== "Escape" || !menu) return;
  document.getElementById("menu-bouton").click();
  document.getElementById("menu-bouton").focus();
});
