// The chart of runs: a band for each team or node, with as many lanes as runs overlap. Drawn on a canvas that is as
// large as what is in sight, over the range of time that all charts share.
'use strict';
Muster.gantt = ({runs, teamName, teamColor, describe}) => {
  const M = Muster, {h, view} = M;
  const AXIS = 26;
  const count = runs.start.length;
  const ends = runs.start.map((start, i) => start + runs.length[i]);

  // --- Bands: [{name, color, items: [{run, lane}], lanes, top, height}]. Runs are in the order of their start, so the
  // lowest lane that is free is found with a heap of lanes by their end and one of free lanes.
  function heap(before) {
    const items = [];
    return {
      get size() {
        return items.length;
      },
      peek: () => items[0],
      push(item) {
        let i = items.push(item) - 1;
        for (let up; i > 0 && before(items[i], items[up = (i - 1) >> 1]); i = up)
          [items[i], items[up]] = [items[up], items[i]];
      },
      pop() {
        const first = items[0], last = items.pop();
        if (items.length) {
          items[0] = last;
          for (let i = 0, down; (down = 2 * i + 1) < items.length; i = down) {
            if (down + 1 < items.length && before(items[down + 1], items[down])) ++down;
            if (!before(items[down], items[i])) break;
            [items[i], items[down]] = [items[down], items[i]];
          }
        }
        return first;
      },
    };
  }
  function band(name, color, list) {
    const busy = heap((a, b) => a.end < b.end), free = heap((a, b) => a < b);
    let lanes = 0;
    const items = list.map(run => {
      while (busy.size && busy.peek().end <= runs.start[run]) free.push(busy.pop().lane);
      const lane = free.size ? free.pop() : lanes++;
      busy.push({end: Math.max(ends[run], runs.start[run] + 1), lane});
      return {run, lane};
    });
    return {name, color, items, lanes};
  }
  const layouts = {};
  function layout(kind) {
    if (layouts[kind]) return layouts[kind];
    const lists = new Map();
    const add = (key, run) => {
      if (!lists.has(key)) lists.set(key, []);
      lists.get(key).push(run);
    };
    for (let i = 0; i < count; ++i) kind === 'team' ? add(runs.team[i], i) : runs.at[i].forEach(place => add(place, i));
    let bands;
    if (kind === 'team')
      bands = [...lists.keys()].sort((a, b) => a - b).map(t => band(teamName(t), teamColor(t), lists.get(t)));
    else
      bands = runs.places.map((name, p) => ({name, p}))
                  .sort((a, b) => a.name.localeCompare(b.name, 'en', {numeric: true}))
                  .map(({name, p}) => band(name, null, lists.get(p) || []));
    let top = 0;
    for (const b of bands) {
      // Few lanes are easy to hit; very many stay short enough to scroll through.
      b.lane = b.lanes > 150 ? 3 : b.lanes > 50 ? 5 : b.lanes > 12 ? 8 : 12;
      b.top = top;
      b.height = Math.max(20, b.lanes * b.lane + 8);
      top += b.height;
    }
    return layouts[kind] = {bands, height: top};
  }

  // --- Elements.
  const lanes = h('canvas', {}), axis = h('canvas', {class: 'axis'});
  const spacer = h('div', {}, lanes), tip = h('div', {class: 'tip', hidden: true, 'aria-hidden': 'true'}),
        selecting = h('div', {class: 'band', hidden: true});
  const scroller =
      h('div', {
        class: 'lanes',
        tabindex: '0',
        role: 'application',
        'aria-roledescription': 'chart of runs',
        'aria-label':
            'Runs over time. The arrow keys left and right move, plus and minus zoom, 0 shows all, n and p go to the ' +
            'next and the previous run that is found. The runs follow as a table.'
      },
        spacer);
  const box = h('div', {class: 'gantt'}, axis, scroller, selecting, tip);
  const chosen = h('p', {class: 'chosen', role: 'status', 'aria-live': 'polite'});
  const found = h('output', {class: 'muted', 'aria-live': 'polite'});
  const search = h('input', {
    type: 'search',
    placeholder: 'part of a job\'s name',
    'aria-label': 'Find jobs by a part of their name',
    spellcheck: 'false'
  });
  const byNode = runs.places.length > 0;
  const kind =
      h('select', {'aria-label': 'A band for each'}, h('option', {value: 'team'}, 'team'),
        byNode ? h('option', {value: 'place'}, 'node') : null);
  const step = (text, by) => h('button', {type: 'button', onclick: () => go(by)}, text);
  const controls =
      h('div', {class: 'controls'}, byNode ? h('label', {}, 'A band for each ', kind) : null,
        h('label', {}, 'Find ', search), step('Previous', -1), step('Next', 1), found);

  // --- What is found and chosen.
  let matches = null, current = -1;
  search.addEventListener('input', () => {
    const text = search.value.trim().toLowerCase();
    matches = text ? new Set(runs.job.flatMap((job, i) => job.toLowerCase().includes(text) ? [i] : [])) : null;
    found.textContent = matches ? `${M.number(matches.size)} of ${M.number(count)} runs shown` : '';
    current = -1;
    later();
  });
  search.addEventListener('keydown', event => {
    if (event.key === 'Enter') {
      event.preventDefault();
      go(event.shiftKey ? -1 : 1);
    }
  });
  function go(by) {
    const list = matches ? [...matches] : runs.start.map((_, i) => i);
    if (!list.length) return;
    const at = list.indexOf(current);
    choose(list[at < 0 ? (by > 0 ? 0 : list.length - 1) : (at + by + list.length) % list.length], true);
  }
  function choose(run, show) {
    current = run;
    chosen.replaceChildren(...(run < 0 ? [] : describe(run)));
    if (show && run >= 0) {
      const start = M.begin + runs.start[run], length = Math.max(runs.length[run], 1), width = view.to - view.from;
      if (start < view.from || start + length > view.to || length < width / 200) {
        const wide = Math.max(length * 4, Math.min(width, length * 50));
        view.set(start + length / 2 - wide / 2, start + length / 2 + wide / 2);
      }
      const where = layout(kind.value).bands.map(b => ({b, item: b.items.find(i => i.run === run)})).find(w => w.item);
      if (where) {
        const y = where.b.top + where.item.lane * where.b.lane;
        if (y < scroller.scrollTop || y > scroller.scrollTop + scroller.clientHeight - 20)
          scroller.scrollTop = y - scroller.clientHeight / 2;
      }
    }
    later();
  }

  // --- Drawing, at most once a frame.
  let planned = false, width = 0, label = 0;
  function later() {
    if (planned) return;
    planned = true;
    requestAnimationFrame(() => {
      planned = false;
      draw();
    });
  }
  const xOf = seconds => label + (seconds - view.from) / (view.to - view.from) * (width - label);
  const timeAt = x => view.from + (x - label) / (width - label) * (view.to - view.from);
  function prepare(canvas, height) {
    const ratio = devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.width = width + 'px';
    canvas.style.height = height + 'px';
    const pen = canvas.getContext('2d');
    pen.scale(ratio, ratio);
    pen.font = '12px system-ui, sans-serif';
    pen.textBaseline = 'middle';
    return pen;
  }
  function draw() {
    width = scroller.clientWidth;
    if (!width) return;
    label = width < 600 ? 72 : 130;
    const {bands, height} = layout(kind.value), seen = Math.min(height, scroller.clientHeight || 300);
    const marks = M.timeMarks(view.from, view.to, width - label);
    let pen = prepare(axis, AXIS);
    pen.fillStyle = M.css('--muted');
    pen.textAlign = 'center';
    for (const [t, text] of marks)
      if (xOf(t) < width - 12) pen.fillText(text, Math.max(xOf(t), label + 18), AXIS / 2);
    const top = Math.min(scroller.scrollTop, Math.max(0, height - seen));
    pen = prepare(lanes, seen);
    spacer.style.height = height + 'px';
    pen.strokeStyle = M.css('--grid');
    pen.beginPath();
    for (const [t] of marks) {
      pen.moveTo(Math.round(xOf(t)) + .5, 0);
      pen.lineTo(Math.round(xOf(t)) + .5, seen);
    }
    pen.stroke();
    const stopped = M.css('--text'), line = M.css('--line'), text = M.css('--text');
    for (const b of bands) {
      if (b.top + b.height < top || b.top > top + seen) continue;
      const y0 = b.top - top;
      pen.save();
      pen.beginPath();
      pen.rect(label, y0, width - label, b.height);
      pen.clip();
      for (const {run, lane} of b.items) {
        const x = xOf(M.begin + runs.start[run]);
        if (x > width) break;  // in the order of their start
        const right = xOf(M.begin + ends[run]);
        if (right < label) continue;
        const y = y0 + 4 + lane * b.lane, tall = b.lane > 4 ? b.lane - 1 : b.lane,
              long = Math.max(right - x - (right - x > 3 ? .5 : 0), .8);
        if (y > seen || y + tall < 0) continue;
        pen.fillStyle = M.css(b.color || teamColor(runs.team[run]), matches && !matches.has(run) ? .18 : .85);
        pen.fillRect(x, y, long, tall);
        if (long >= 5 && runs.cause[run] !== 0 && (!matches || matches.has(run))) {
          pen.fillStyle = stopped;
          pen.fillRect(right - 2.5, y, 2.5, tall);
        }
        if (run === current) {
          pen.strokeStyle = text;
          pen.lineWidth = 2;
          pen.strokeRect(x - 1, y - 1, long + 2, tall + 2);
          pen.lineWidth = 1;
        }
      }
      pen.restore();
      pen.strokeStyle = line;
      pen.beginPath();
      pen.moveTo(0, Math.round(y0 + b.height) - .5);
      pen.lineTo(width, Math.round(y0 + b.height) - .5);
      pen.stroke();
      // The name stays in sight while its band is.
      const y = Math.min(Math.max(y0 + 10, 10), y0 + b.height - 10);
      pen.save();
      pen.beginPath();
      pen.rect(0, y0, label - 8, b.height);
      pen.clip();
      pen.textAlign = 'left';
      if (b.color) {
        pen.fillStyle = M.css(b.color);
        pen.fillRect(6, y - 4, 8, 8);
      }
      pen.fillStyle = text;
      pen.fillText(b.name, b.color ? 19 : 6, y);
      pen.restore();
    }
    pen.strokeStyle = line;
    pen.strokeRect(label - .5, -1, 0, seen + 2);
  }

  // --- The pointer.
  function hit(x, y) {
    const {bands} = layout(kind.value);
    const at = y + scroller.scrollTop, b = bands.find(b => at >= b.top && at < b.top + b.height);
    if (!b || x < label) return -1;
    const lane = Math.floor((at - b.top - 4) / b.lane);
    let best = -1, near = 4;  // short runs are hit from some pixels away
    for (const item of b.items) {
      if (item.lane !== lane) continue;
      const left = xOf(M.begin + runs.start[item.run]), right = xOf(M.begin + ends[item.run]);
      const away = x < left ? left - x : x > right ? x - right : 0;
      if (away < near) {
        best = item.run;
        near = away;
      }
    }
    return best;
  }
  const pointOf = event => {
    const r = scroller.getBoundingClientRect();
    return [event.clientX - r.left, event.clientY - r.top];
  };
  let from = null;
  scroller.addEventListener('pointerdown', event => {
    if (event.button === 0 && event.pointerType === 'mouse') from = pointOf(event)[0];
  });
  addEventListener('pointerup', event => {
    if (from == null) return;
    const to = pointOf(event)[0], first = from;
    from = null;
    selecting.hidden = true;
    if (Math.abs(to - first) > 4)
      view.set(timeAt(Math.max(label, Math.min(first, to))), timeAt(Math.min(width, Math.max(first, to))));
  });
  scroller.addEventListener('pointermove', event => {
    const [x, y] = pointOf(event);
    if (from != null && Math.abs(x - from) > 4) {
      selecting.hidden = false;
      selecting.style.left = Math.max(label, Math.min(from, x)) + 'px';
      selecting.style.width = Math.abs(x - from) + 'px';
    }
    const run = from == null ? hit(x, y) : -1;
    tip.hidden = run < 0;
    if (run < 0) return;
    tip.replaceChildren(...describe(run));
    tip.style.left = Math.max(4, Math.min(x + 14, width - tip.offsetWidth - 6)) + 'px';
    tip.style.top = Math.min(y + AXIS + 16, box.clientHeight - tip.offsetHeight - 4) + 'px';
  });
  scroller.addEventListener('pointerleave', () => {
    tip.hidden = true;
  });
  scroller.addEventListener('click', event => choose(hit(...pointOf(event)), false));
  scroller.addEventListener('dblclick', view.reset);
  scroller.addEventListener('wheel', event => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    view.zoom(event.deltaY > 0 ? 1.25 : .8, timeAt(pointOf(event)[0]));
  }, {passive: false});
  scroller.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'n' || event.key === 'p')
      go(event.key === 'n' ? 1 : -1);
    else
      view.key(event);
  });
  scroller.addEventListener('scroll', later);
  kind.addEventListener('change', () => {
    scroller.scrollTop = 0;
    tip.hidden = true;
    later();
  });
  view.follow(later);
  M.onTheme(later);
  new ResizeObserver(later).observe(box);
  M.whenSeen(box, later);
  return h('div', {}, controls, box, chosen);
};
