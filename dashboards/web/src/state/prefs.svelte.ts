// What this browser remembers: language, theme, the name used for acknowledging. Nothing else.

import type { Lang } from "../format/time";

export type Theme = "system" | "light" | "dark";

function recall(key: string): string | null {
  try {
    return localStorage.getItem(`weir.${key}`);
  } catch {
    return null;
  }
}

function remember(key: string, value: string): void {
  try {
    localStorage.setItem(`weir.${key}`, value);
  } catch {
    // Storage may be full or forbidden; the choice then lasts for this page only.
  }
}

/** Chinese for browsers that ask for Chinese, and where nobody can say. */
export function preferredLang(remembered: string | null, languages: readonly string[]): Lang {
  if (remembered === "zh-CN" || remembered === "en") return remembered;
  const first = languages[0];
  return first === undefined || first.toLowerCase().startsWith("zh") ? "zh-CN" : "en";
}

class Preferences {
  lang = $state<Lang>("zh-CN");
  theme = $state<Theme>("system");
  name = $state("");

  load(): void {
    this.lang = preferredLang(recall("lang"), navigator.languages);
    const theme = recall("theme");
    this.theme = theme === "light" || theme === "dark" ? theme : "system";
    this.name = recall("name") ?? "";
    this.#apply();
  }

  setLang(lang: Lang): void {
    this.lang = lang;
    remember("lang", lang);
    this.#apply();
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    remember("theme", theme);
    this.#apply();
  }

  setName(name: string): void {
    this.name = name;
    remember("name", name);
  }

  #apply(): void {
    const root = document.documentElement;
    root.lang = this.lang;
    if (this.theme === "system") delete root.dataset.theme;
    else root.dataset.theme = this.theme;
  }
}

export const prefs = new Preferences();
