// Django's two boxes of groups and permissions put labels on plain spans, which screen readers pass over: a label needs
// a role. Django makes the boxes when the page has loaded, and registers for that before this deferred script.
addEventListener("load", () => {
  for (const icon of document.querySelectorAll(".search-label-icon[aria-label]")) icon.setAttribute("role", "img");
});
