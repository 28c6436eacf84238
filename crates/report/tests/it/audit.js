// An audit of the page for people who cannot see it, or use no mouse, after WCAG 2.2 AA where a program can
// tell: contrast, names, headings, tables, keyboard, size of targets. Says what is wrong, a line each.
const audit = () => {
  const wrong = [];
  const say = (what, element, more = "") =>
    wrong.push(`${what}: <${element.localName}> ${(element.textContent || "").trim().slice(0, 40)} ${more}`);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const box = (element) => element.getBoundingClientRect();
  for (const details of all("details")) details.open = true;

  // Contrast, 1.4.3.
  const parse = (colour) => (colour.match(/[\d.]+/g) || []).map(Number);
  const luminance = ([r, g, b]) => {
    const part = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const contrast = (a, b) => {
    const [x, y] = [luminance(a), luminance(b)];
    return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
  };
  const paper = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const check = (element, ink, behind, large) => {
    const found = contrast(ink, behind);
    if (found < (large ? 3 : 4.5)) say("contrast", element, found.toFixed(2));
  };
  const nodes = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let texts = 0;
  while (nodes.nextNode()) {
    const element = nodes.currentNode.parentElement;
    if (!nodes.currentNode.data.trim() || element.closest("svg, script, style, .hidden, [hidden]")) continue;
    const style = getComputedStyle(element), size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    check(element, parse(style.color), paper(element), large);
    texts++;
  }
  // Text in figures stands on what was last drawn behind its middle; areas let the paper through.
  for (const svg of all("svg").filter((svg) => box(svg).width)) {
    const colours = new Map();
    const colour = (element) => {
      const fill = element.getAttribute("fill");
      if (!colours.has(fill)) colours.set(fill, parse(getComputedStyle(element).fill));
      return colours.get(fill);
    };
    const boxes = [];
    for (const element of all("rect, text", svg)) {
      if (element.localName === "rect") {
        if (element.getAttribute("fill") === "transparent") continue;
        const [x, y, w, h] = ["x", "y", "width", "height"].map((name) => +element.getAttribute(name));
        boxes.push({ x, y, right: x + w, bottom: y + h, element });
        continue;
      }
      const { x, y, width, height } = element.getBBox();
      const at = element.hasAttribute("transform") ? null : [x + width / 2, y + height / 2];
      const under = at && boxes.findLast((b) => b.x <= at[0] && at[0] <= b.right && b.y <= at[1] && at[1] <= b.bottom);
      check(element, colour(element), under ? colour(under.element) : paper(svg), false);
      texts++;
    }
  }

  // Headings go down one step at a time, 1.3.1.
  let level = 0;
  for (const heading of all("h1, h2, h3, h4, h5, h6")) {
    const next = +heading.localName[1];
    if (next > level + 1 || !heading.textContent.trim()) say("heading", heading);
    level = next;
  }
  if (all("h1").length !== 1) wrong.push("there must be one h1");

  // Tables have names and headings.
  for (const table of all("table")) {
    if (!table.caption || !table.caption.textContent.trim()) say("table without a name", table);
    for (const th of all("th", table)) if (!th.scope) say("heading without scope", th);
    for (const row of all("tbody tr", table)) if (!row.querySelector("th")) say("row without a heading", row);
  }
  // Pictures have names, 1.1.1; so have landmarks and groups that are named.
  for (const image of all("svg, img")) {
    if (!(image.getAttribute("aria-label") || image.alt || "").trim()) say("picture without a name", image);
  }
  const names = all("section[aria-labelledby], [role=region]").map((element) => {
    const by = document.getElementById(element.getAttribute("aria-labelledby"));
    return by ? by.textContent : element.getAttribute("aria-label");
  });
  for (const name of names.filter((name, i) => names.indexOf(name) < i)) wrong.push(`two regions are called ${name}`);
  const ids = all("[id]").map((element) => element.id);
  if (new Set(ids).size < ids.length) wrong.push("an id is there twice");
  for (const element of all("[aria-labelledby]")) {
    if (!document.getElementById(element.getAttribute("aria-labelledby"))) say("names nothing", element);
  }
  for (const link of all("a[href^='#']")) {
    if (!document.getElementById(link.getAttribute("href").slice(1))) say("leads nowhere", link);
  }
  if (!document.documentElement.lang || !document.title) wrong.push("no language or no title");

  // The keyboard reaches every control and every region that scrolls, and shows where it is, 2.1.1, 2.4.7.
  const controls = all("a[href], button, summary, [tabindex], input, select");
  for (const control of controls.filter((control) => box(control).width)) {
    control.focus();
    const style = getComputedStyle(control);
    if (document.activeElement !== control || control.tabIndex < 0) say("no keyboard", control);
    else if (style.outlineStyle === "none" || !parseFloat(style.outlineWidth)) say("no focus to see", control);
    const name = control.getAttribute("aria-label") || control.textContent;
    if (!name.trim()) say("control without a name", control);
    // Links stand in sentences and are exempt, 2.5.8.
    const { width, height } = box(control);
    if (control.localName !== "a" && Math.min(width, height) < 24) say("small target", control, `${width}×${height}`);
  }
  for (const element of all("body *")) {
    const style = getComputedStyle(element);
    const scrolls = style.overflowX === "auto" && element.scrollWidth > element.clientWidth;
    if (scrolls && element.tabIndex < 0) say("scrolls without keyboard", element);
    if (style.animationName !== "none" || parseFloat(style.transitionDuration)) say("moves", element);
  }
  document.activeElement.blur();
  if (texts < 30) wrong.push(`only ${texts} texts were seen`);
  return wrong;
};

// What the script of the page does: each is done as a user would, and says what is wrong.
const interact = () => {
  const wrong = [];
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  for (const button of all("th button")) {
    const th = button.parentNode, table = th.closest("table");
    const rows = () => all("tbody tr", table).map((row) => row.textContent).join();
    const before = rows();
    const states = [1, 2, 3].map(() => { button.click(); return [th.getAttribute("aria-sort") || "", rows()]; });
    const names = states.map(([name]) => name).sort().join();
    if (names !== ",ascending,descending") wrong.push(`sorting by ${button.textContent}: ${names}`);
    if (states[2][1] !== before) wrong.push(`sorting by ${button.textContent} does not come back`);
  }
  for (const group of all(".series")) {
    const button = group.querySelector("button");
    const marks = all(`svg [data-series="${button.dataset.series}"]`, group.parentNode);
    const gone = () => marks.every((mark) => getComputedStyle(mark).display === "none");
    button.click();
    if (!marks.length || !gone() || button.getAttribute("aria-pressed") !== "false") wrong.push("a line is not hidden");
    button.click();
    if (gone()) wrong.push("a line is not shown again");
  }
  const tip = document.getElementById("tip");
  const shown = all(".chart svg rect[data-tip]").filter((rect) => rect.getBoundingClientRect().width);
  const middle = (rect) => {
    const { left, top, width, height } = rect.getBoundingClientRect();
    return { clientX: left + width / 2, clientY: top + height / 2, bubbles: true };
  };
  if (shown.length) {
    shown[0].dispatchEvent(new PointerEvent("pointermove", middle(shown[0])));
    if (tip.hidden || !tip.textContent) wrong.push("a mark says nothing");
    document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
    if (!tip.hidden) wrong.push("Escape does not dismiss");
  }
  // Beside the point of a line, at what is behind it: the nearest counts.
  const point = shown.find((rect) => rect.getAttribute("width") <= 80 && rect.getAttribute("height") <= 80);
  if (point) {
    const { clientX, clientY } = middle(point);
    const beside = { clientX: clientX + 9, clientY: clientY + 9, bubbles: true };
    point.ownerSVGElement.dispatchEvent(new PointerEvent("pointermove", beside));
    if (tip.hidden || !tip.textContent) wrong.push("the nearest point says nothing");
  }
  return wrong;
};
