// Sets the remembered theme before the first paint, so that a dark room never sees a white flash.
// A file of its own because the Content-Security-Policy allows no inline script.
try {
  var theme = localStorage.getItem("weir.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch (blocked) {
  // Storage may be forbidden; then the system's theme applies.
}
