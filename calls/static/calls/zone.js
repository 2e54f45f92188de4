// Tells the server in which zone this browser is, so that times are shown in it; the menu in the header lets the viewer
// have the server's instead. Without this script, or without cookies, times are the server's.
(() => {
  const menu = document.querySelector("[data-zone-menu]");
  const mine = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!menu || !mine) return;
  const { shown, server } = menu.dataset;
  const A_YEAR = 31_536_000; // seconds

  const told = () => document.cookie.match(/(?:^|; )zone=([^;]*)/)?.[1];

  const tell = (zone) => {
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `zone=${zone}; path=/; max-age=${A_YEAR}; samesite=lax${secure}`;
  };

  const city = (zone) => zone.split("/").at(-1).replaceAll("_", " ");

  for (const button of menu.querySelectorAll("[data-zone-set]")) {
    const zone = button.dataset.zoneSet === "browser" ? mine : server;
    button.hidden = zone === shown;
    button.querySelector("span").textContent = city(zone);
    button.addEventListener("click", () => {
      tell(button.dataset.zoneSet === "browser" ? mine : "server");
      location.reload();
    });
  }

  if (told() === "server" || told() === mine) return;
  tell(mine);
  // The page was made before we told; the login page comes first as a rule, and shows no times.
  if (told() === mine && shown !== mine && !document.querySelector("main.login")) location.reload();
})();
