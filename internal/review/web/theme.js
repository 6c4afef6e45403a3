// Light or dark: as the system has it, until the user chooses.

const themeKey = "refit-review-theme";

function storedTheme() {
  try {
    return localStorage.getItem(themeKey);
  } catch {
    return null; // a page from a file may have no storage
  }
}

export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

export function startTheme() {
  const theme = storedTheme();
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
}

export function switchTheme() {
  const theme = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem(themeKey, theme);
  } catch {
    // it lasts as long as the page
  }
  return theme;
}
