"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const { wires, notes } = JSON.parse($("data").textContent);
  const canvas = $("canvas"), pane = $("drawing"), paths = $("paths");
  const cells = new Map(), grids = new Map(), atLine = new Map();
  for (const each of canvas.querySelectorAll("[data-key]")) cells.set(+each.dataset.key, each);
  for (const each of canvas.querySelectorAll("[data-grid]")) grids.set(+each.dataset.grid, each);
  for (const each of canvas.querySelectorAll("[data-line]")) {
    const name = each.dataset.line;
    if (!name) continue;
    if (!atLine.has(name)) atLine.set(name, []);
    atLine.get(name).push(each);
    $(name)?.classList.add("used");
  }
  let chosen = null, scale = 1;
  document.body.classList.add("scripted");

  // Where boxes are. A port that is folded away stands on the edge of its group.
  const around = (each) => each.parentElement.closest("details");
  function drawn(each) {
    let group = each.localName === "summary" ? around(each.parentElement) : each.closest("details");
    while (group?.open) group = around(group);
    return !group;
  }

  // Draws every wire that is not folded away: down through its row, then over to the next.
  let lines = [];
  function draw() {
    const base = canvas.getBoundingClientRect(), unit = base.width / canvas.offsetWidth || 1;
    const known = new Map();
    const rect = (each) => {
      if (!known.has(each)) {
        const box = each.getBoundingClientRect(), left = (box.left - base.left) / unit, width = box.width / unit;
        known.set(each, { left, width, x: left + width / 2, top: (box.top - base.top) / unit, bottom: (box.bottom - base.top) / unit });
      }
      return known.get(each);
    };
    // The start and the end of each row or column.
    const tracks = (start, sizes, gap) => sizes.split(" ").map((size) => {
      const from = start, to = from + parseFloat(size);
      start = to + gap;
      return [from, to];
    });
    const end = (key, grid) => {
      const each = cells.get(key), isPort = each.classList.contains("port"), group = each.closest("details");
      if (!isPort || each.parentElement === grid) return { ...rect(each), box: !isPort, cell: isPort ? each : each.closest(".cell") };
      const cell = group.parentElement;
      if (group.open) return { ...rect(each), over: rect(group).top, under: rect(group).bottom, cell };
      const ports = [...each.parentElement.children].filter((one) => one.className === each.className);
      const box = rect(group.firstElementChild), place = (ports.indexOf(each) + 1) / (ports.length + 1);
      return { ...box, x: box.left + box.width * place, box: true, cell };
    };
    lines = [];
    let text = "";
    for (const [number, grid] of grids) {
      if (!wires[number].length || !drawn(grid)) continue;
      const style = getComputedStyle(grid), place = rect(grid);
      const rows = tracks(place.top, style.gridTemplateRows, parseFloat(style.rowGap));
      const columns = tracks(place.left, style.gridTemplateColumns, parseFloat(style.columnGap));
      for (const wire of wires[number]) {
        const [from, to, , , lanes] = wire, start = end(from, grid), stop = end(to, grid);
        let x = start.x, y = start.bottom, line = `M${x} ${y}`;
        const down = (bottom) => { if (bottom > y) line += `V${y = bottom}`; };
        const over = (toX, toY) => {
          const middle = (y + toY) / 2;
          line += Math.abs(toX - x) < 0.6 ? `L${toX} ${toY}` : `C${x} ${middle} ${toX} ${middle} ${toX} ${toY}`;
          x = toX; y = toY;
        };
        down(rows[parseInt(start.cell.style.gridRowStart) - 1][1]);
        for (let i = 0; i < lanes.length; i += 2) {
          const [left, right] = columns[lanes[i + 1]], [top, bottom] = rows[lanes[i]];
          over((left + right) / 2, top);
          down(bottom);
        }
        over(stop.x, stop.over ?? stop.top);
        down(stop.top);
        lines.push(wire);
        text += `<path d="${line}"${stop.box ? ' class="tip"' : ""}/>`;
      }
    }
    paths.innerHTML = text;
    colour();
  }
  // Colours the wires of the chosen box.
  function colour() {
    const all = paths.children;
    lines.forEach(([, , source, targets], i) => {
      all[i].classList.toggle("hot", chosen !== null && (inside(source) || targets.some(inside)));
    });
  }
  const inside = (number) => {
    const each = $("n" + number);
    return each === chosen || (chosen.localName === "summary" && chosen.parentElement.contains(each));
  };
  let planned = false;
  const redraw = () => {
    if (planned) return;
    planned = true;
    requestAnimationFrame(() => { planned = false; draw(); });
  };

  // Choosing a box: what it is, its line in the spec, its wires.
  function choose(each, scroll = true) {
    chosen?.classList.remove("chosen");
    document.querySelectorAll(".lit").forEach((one) => one.classList.remove("lit"));
    chosen = each;
    if (each) {
      each.classList.add("chosen");
      tell(notes[each.id]);
      const line = each.dataset.line && $(each.dataset.line);
      if (line) {
        line.closest("details").open = true;
        line.classList.add("lit");
        if (scroll) line.scrollIntoView({ block: "nearest" });
      }
      history.replaceState(null, "", "#" + each.id);
    } else {
      $("note").replaceChildren();
      history.replaceState(null, "", " ");
    }
    colour();
  }
  const make = (name, text) => Object.assign(document.createElement(name), { textContent: text });
  function tell(note) {
    const list = make("dl", "");
    for (const [name, text] of [...note.rows, ...(note.reads ?? []).map((each) => ["reads", each])])
      list.append(make("dt", name), make("dd", text));
    const text = make("p", "");
    text.append(...note.text.split("`").map((each, i) => (i % 2 ? make("code", each) : each)));
    $("note").replaceChildren(make("h2", note.path), text, list);
  }
  function show(each) {
    for (let group = each.localName === "summary" ? around(each.parentElement) : around(each); group; group = around(group))
      group.open = true;
    each.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  const visit = (each) => { show(each); each.focus({ preventScroll: true }); choose(each); };

  canvas.addEventListener("click", (event) => {
    const box = event.target.closest(".box"), link = event.target.closest("a");
    if (link) event.preventDefault();
    if (link?.className === "call") {
      const network = $(link.hash.slice(1));
      network.open = true;
      network.scrollIntoView({ block: "start" });
    } else if (box) choose(box);
    else if (!event.target.closest("summary")) choose(null);
  });
  $("side").addEventListener("click", (event) => {
    const line = event.target.closest("li.used");
    if (!line || String(getSelection())) return;
    const boxes = atLine.get(line.id);
    visit(boxes[(boxes.indexOf(chosen) + 1) % boxes.length]);
  });

  // Folding keeps the box that was clicked where it is on the screen.
  let held = null;
  canvas.addEventListener("pointerdown", (event) => {
    const summary = event.target.closest("summary");
    held = summary && [summary, summary.getBoundingClientRect()];
  });
  canvas.addEventListener("toggle", () => {
    if (held && drawn(held[0])) {
      const now = held[0].getBoundingClientRect();
      pane.scrollBy(now.left - held[1].left, now.top - held[1].top);
      held = null;
    }
    redraw();
  }, true);
  const fold = (open) => {
    for (const each of canvas.querySelectorAll("details.group" + (open ? ", details.network" : ""))) each.open = open;
  };

  // The bar.
  function zoom(to) {
    scale = Math.min(2, Math.max(0.1, to));
    canvas.style.zoom = scale;
    $("fit").textContent = `${Math.round(scale * 100)} %`;
    redraw();
  }
  const fit = () => {
    if (scale !== 1) return zoom(1);
    zoom(Math.min(1, (pane.clientWidth / canvas.scrollWidth) * 0.995));
  };
  const themes = ["", "dark", "light"];
  const theme = () => {
    const root = document.documentElement, next = themes[(themes.indexOf(root.dataset.theme ?? "") + 1) % 3];
    if (next) root.dataset.theme = next; else delete root.dataset.theme;
  };
  function find(word) {
    word = word.trim().toLowerCase();
    const found = [];
    for (const box of canvas.querySelectorAll(".box")) {
      const hit = word && box.querySelector("h3").textContent.toLowerCase().includes(word);
      box.classList.toggle("found", Boolean(hit));
      if (hit) found.push(box);
    }
    return found;
  }
  $("find").addEventListener("input", (event) => find(event.target.value));
  $("find").addEventListener("keydown", (event) => {
    const found = event.key === "Enter" ? find(event.target.value) : [];
    if (found.length) visit(found[(found.indexOf(chosen) + 1) % found.length]), event.target.focus();
    if (event.key === "Escape") { event.target.value = ""; find(""); event.target.blur(); }
  });
  const side = () => { $("side").classList.toggle("hidden"); redraw(); };
  $("fold").onclick = () => fold(false);
  $("unfold").onclick = () => fold(true);
  $("in").onclick = () => zoom(scale * 1.2);
  $("out").onclick = () => zoom(scale / 1.2);
  $("fit").onclick = fit;
  $("theme").onclick = theme;
  $("spec-shown").onclick = side;

  // Keys: along the wires with up and down, beside with left and right.
  function along(step) {
    const boxes = [...canvas.querySelectorAll(".box")].filter(drawn);
    const here = chosen && drawn(chosen) ? chosen : null;
    if (!here) return boxes[0];
    return boxes[boxes.indexOf(here) + step];
  }
  const keys = {
    f: () => fold(false), u: () => fold(true), t: theme, s: side, "0": fit, "+": () => zoom(scale * 1.2), "=": () => zoom(scale * 1.2),
    "-": () => zoom(scale / 1.2), "/": () => $("find").focus(), Escape: () => choose(null),
    ArrowDown: () => { const next = along(1); if (next) visit(next); },
    ArrowUp: () => { const next = along(-1); if (next) visit(next); },
    ArrowRight: () => { if (chosen?.localName === "summary") chosen.parentElement.open = true; },
    ArrowLeft: () => {
      const group = chosen?.localName === "summary" && chosen.parentElement.open ? chosen.parentElement : chosen?.closest(".grid")?.closest("details.group");
      if (group) { group.open = false; visit(group.firstElementChild); }
    },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.localName === "input") return;
    if (event.key === "Enter" && event.target.classList.contains("box")) return choose(event.target);
    if (!(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
  });

  new ResizeObserver(redraw).observe(canvas);
  addEventListener("resize", redraw);
  const named = /^#n\d+$/.test(location.hash) && $(location.hash.slice(1));
  if (named) visit(named);
  draw();
})();
