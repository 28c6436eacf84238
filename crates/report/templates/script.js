// Comforts; the page is complete without them: a switch between light and dark, explanations that follow
// the pointer, lines that can be hidden, and tables that can be sorted. Nothing is loaded and nothing moves.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // Light and dark.
  const root = document.documentElement;
  const theme = document.getElementById("theme");
  const dark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const label = () => { theme.textContent = dark() ? "Light" : "Dark"; };
  theme.hidden = false;
  theme.setAttribute("aria-label", "Switch between light and dark");
  theme.onclick = () => { root.dataset.theme = dark() ? "light" : "dark"; label(); };
  label();

  // Explanations: at once instead of after the browser's delay, and of the nearest point of a line.
  const tip = document.getElementById("tip");
  const points = new Map();
  for (const title of all(".chart rect > title")) {
    const rect = title.parentNode, svg = rect.ownerSVGElement;
    rect.dataset.tip = title.textContent;
    title.remove();
    const [x, y, width, height] = ["x", "y", "width", "height"].map((name) => +rect.getAttribute(name));
    if (width > 80 || height > 80) continue;
    if (!points.has(svg)) points.set(svg, []);
    points.get(svg).push({ rect, x: x + width / 2, y: y + height / 2 });
  }
  const nearest = (event) => {
    const svg = event.target.closest && event.target.closest(".chart svg");
    if (!svg || !points.has(svg)) return null;
    const box = svg.getBoundingClientRect(), scale = svg.viewBox.baseVal.width / box.width;
    const x = (event.clientX - box.left) * scale, y = (event.clientY - box.top) * scale;
    let best = null, least = 40 * scale;
    for (const point of points.get(svg)) {
      const far = Math.hypot(point.x - x, point.y - y);
      if (far < least && !point.rect.classList.contains("off")) [best, least] = [point.rect, far];
    }
    return best;
  };
  let near = null;
  const explain = (event) => {
    const rect = event.target.dataset && event.target.dataset.tip ? event.target : nearest(event);
    if (near) near.classList.remove("near");
    near = rect;
    tip.hidden = !rect;
    if (!rect) return;
    rect.classList.add("near");
    tip.textContent = rect.dataset.tip;
    const left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8);
    tip.style.left = Math.max(8, left) + "px";
    tip.style.top = Math.max(8, event.clientY - tip.offsetHeight - 10) + "px";
  };
  document.addEventListener("pointermove", explain);
  document.addEventListener("pointerdown", explain);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") tip.hidden = true; });

  // Lines that can be hidden.
  for (const group of all(".series")) {
    group.hidden = false;
    group.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      const shown = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", shown);
      const marks = `svg [data-series="${button.dataset.series}"]`;
      for (const mark of all(marks, group.parentNode)) mark.classList.toggle("off", !shown);
    });
  }

  // Tables that can be sorted, group by group: from the largest, from the smallest, as they were.
  const units = { ns: 1e-9, "µs": 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600, d: 86400, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };
  const number = (text) => {
    const found = text.trim().match(/^(?:<\s*)?([+−-]?)\$?([\d,]*\.?\d+)\s*([a-zµA-Z]*)/);
    if (!found) return undefined;
    return (found[1] && found[1] !== "+" ? -1 : 1) * found[2].replaceAll(",", "") * (units[found[3]] || 1);
  };
  // Headings of single columns, with the place of each.
  const headings = (head) => {
    const taken = [], found = [];
    [...head.rows].forEach((row, r) => {
      let c = 0;
      for (const th of row.cells) {
        while (taken[r] && taken[r][c]) c++;
        for (let i = 0; i < th.rowSpan; i++) for (let j = 0; j < th.colSpan; j++) (taken[r + i] ||= [])[c + j] = true;
        if (th.colSpan === 1 && r + th.rowSpan === head.rows.length) found.push([th, c]);
        c += th.colSpan;
      }
    });
    return found;
  };
  for (const table of all("table")) {
    const bodies = [...table.tBodies].map((body) => [body, all("tr:not(.group)", body)]);
    if (!table.tHead || bodies.every(([, rows]) => rows.length < 3)) continue;
    const heads = headings(table.tHead);
    for (const [th, column] of heads) {
      const named = column === 0 || th.classList.contains("name");
      const text = (row) => row.cells[column].textContent.trim();
      const order = named
        ? (a, b) => text(a).localeCompare(text(b), "en", { numeric: true })
        : (a, b) => number(text(b)) - number(text(a));
      const blank = (row) => !named && number(text(row)) === undefined;
      const states = named ? ["ascending", "descending", ""] : ["descending", "ascending", ""];
      const button = document.createElement("button");
      button.type = "button";
      button.append(...th.childNodes);
      th.append(button);
      button.onclick = () => {
        const state = states[(states.indexOf(th.getAttribute("aria-sort") || "") + 1) % 3];
        for (const [other] of heads) other.removeAttribute("aria-sort");
        if (state) th.setAttribute("aria-sort", state);
        for (const [body, rows] of bodies) {
          const there = rows.filter((row) => !blank(row)).sort(order);
          if (state === states[1]) there.reverse();
          body.append(...(state ? [...there, ...rows.filter(blank)] : rows));
        }
      };
    }
  }
})();
