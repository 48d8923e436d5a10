// The page of a sweep. Muster.data is what WriteSweepTables (folder.h) writes.
'use strict';
(() => {
  const M = Muster, {h, data} = M;
  const {points, parameters} = data;

  // --- Figures, in words. "wait_s.mean" is of all queues, "red:wait_s.mean" of one.
  const WORDS = {
    wait_s: 'Wait',
    wait_so_far_s: 'Wait so far',
    jct_mean_s: 'Completion time, mean',
    bounded_slowdown_mean: 'Slowdown, mean',
    resource_hours: 'Used ' + M.hours,
    borrowed_hours: 'Borrowed ' + M.hours,
    lost_hours: 'Lost ' + M.hours,
    overhead_hours: 'Overhead ' + M.hours,
    utilisation: 'Utilisation',
    preemptions: 'Preemptions',
    never_admitted: 'Never admitted',
    finished: 'Finished',
    failed: 'Failed',
    started: 'Started',
    peak_queue: 'Longest queue',
    stops: 'Runs ended',
    deadlines: 'Deadlines'
  };
  const split = name => {
    const at = name.lastIndexOf(':');
    return at < 0 ? ['', name] : [name.slice(0, at), name.slice(at + 1)];
  };
  function words(name) {
    const [queue, key] = split(name), [first, ...rest] = key.split('.');
    return (queue ? queue + ': ' : '') + [WORDS[first] || first, ...rest].join(', ');
  }
  const isTime = name => /_s(\.|$)/.test(split(name)[1]);
  const show = (name, value) => value == null ? M.NONE :
      isTime(name)                            ? M.duration(value) :
      /utilisation/.test(name)                ? M.percent(value) :
                                                M.short(value);
  // Of these more is better.
  const isMore = name => /^(finished|started|resource_hours|utilisation)$/.test(split(name)[1]);
  const figure = (point, name) => point.figures[name] ?? null;
  const valuesOf = point => parameters.map(p => `${p} = ${point.values[p]}`).join(', ');
  const varies = name => points.some(p => figure(p, name) !== figure(points[0], name));
  const choices = data.figures.filter(varies).length > 1 ? data.figures.filter(varies) : data.figures;
  const first = names => names.find(n => choices.includes(n)) || choices[0];

  // --- The plot.
  const chosen = {
    x: first(['wait_s.mean', 'jct_mean_s']),
    y: first(['lost_hours', 'preemptions', 'utilisation', 'jct_mean_s']),
    colour: parameters[0]
  };
  const section = M.section(
      'trade-off', 'Trade-off',
      'Each dot is a point of the sweep. Those with a rim are the best there is: no other is better in one figure without being worse in the other.');
  function options() {
    const groups = new Map();
    for (const name of choices) {
      const [queue] = split(name);
      if (!groups.has(queue)) groups.set(queue, []);
      groups.get(queue).push(name);
    }
    return groups;
  }
  const pick = (text, key, list) =>
      h('label', {}, text,
        h('select', {
          onchange: e => {
            chosen[key] = e.target.value;
            draw();
          }
        },
          list));
  const figuresFor = key => [...options()].map(
      ([queue, names]) =>
          h('optgroup', {label: queue || 'All queues'},
            names.map(n => h('option', {value: n, selected: n === chosen[key]}, words(n)))));
  const plot = h('div', {}), legend = h('ul', {class: 'legend'}),
        told = h('p', {class: 'told-point', 'aria-live': 'polite'});
  section.append(
      h('div', {class: 'controls'}, pick('Across', 'x', figuresFor('x')), pick('Up', 'y', figuresFor('y')),
        pick('Colour', 'colour', parameters.map(p => h('option', {value: p}, p)))),
      plot, legend, told);

  const svg = (tag, attrs, ...children) => {
    const e = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const [k, v] of Object.entries(attrs)) {
      if (k === 'style')
        for (const [name, value] of Object.entries(v)) e.style.setProperty(name, value);
      else if (v != null)
        e.setAttribute(k, v);
    }
    e.append(...children.flat(Infinity));
    return e;
  };
  // Points that no other beats in both figures, across.
  function front(known) {
    const sx = isMore(chosen.x) ? -1 : 1, sy = isMore(chosen.y) ? -1 : 1;
    const order = known.slice().sort((a, b) => sx * (a.x - b.x) || sy * (a.y - b.y));
    let best = Infinity;
    return order.filter(d => sy * d.y < best && ((best = sy * d.y), true));
  }
  const TIMES = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800];
  function marks(low, high, most, time) {
    const raw = (high - low) / most;
    let step = time && raw > .5 ? TIMES.find(t => t >= raw) : 0;
    if (!step) {
      const power = 10 ** Math.floor(Math.log10(raw));
      step = [1, 2, 5, 10].map(f => f * power).find(s => s >= raw);
    }
    const all = [];
    for (let v = Math.ceil(low / step) * step; v <= high; v += step) all.push(Math.abs(v) < step / 1e6 ? 0 : v);
    return all;
  }
  const colourOf = (point, all) => M.paletteOf(all.indexOf(String(point.values[chosen.colour])));
  function draw() {
    const known =
        points.map(p => ({p, x: figure(p, chosen.x), y: figure(p, chosen.y)})).filter(d => d.x != null && d.y != null);
    if (!known.length) {
      plot.replaceChildren(h('p', {}, 'No point has both figures.'));
      return;
    }
    const W = Math.max(plot.clientWidth, 240), narrow = W < 560, H = narrow ? 340 : 440;
    const left = narrow ? 70 : 90, below = 46, right = 14, above = 26;
    const span = k => {
      const v = known.map(d => d[k]), low = Math.min(...v), high = Math.max(...v);
      const pad = (high - low || Math.abs(high) || 1) * .06;
      return [low - pad, high + pad];
    };
    const [x0, x1] = span('x'), [y0, y1] = span('y');
    const px = x => left + (x - x0) / (x1 - x0) * (W - left - right);
    const py = y => H - below - (y - y0) / (y1 - y0) * (H - below - above);
    const xs = marks(x0, x1, narrow ? 3 : 7, isTime(chosen.x)), ys = marks(y0, y1, 6, isTime(chosen.y));
    const best = front(known), isBest = new Set(best);
    const all = [...new Set(points.map(p => String(p.values[chosen.colour])))];
    const name = d => `${d.p.point}: ${valuesOf(d.p)}`;
    let last = null;
    const tell = (d, dot) => {
      if (last) last.classList.remove('told');
      (last = dot).classList.add('told');
      told.textContent =
          `${name(d)}. ${words(chosen.x)} ${show(chosen.x, d.x)}, ${words(chosen.y)} ${show(chosen.y, d.y)}.`;
    };
    const dots = known.map(d => {
      const dot = svg('circle', {
        cx: px(d.x).toFixed(1),
        cy: py(d.y).toFixed(1),
        r: isBest.has(d) ? 6 : 4.5,
        class: isBest.has(d) ? 'best' : null,
        style: {fill: `var(${colourOf(d.p, all)})`},
        tabindex: '0',
        role: 'img',
        'aria-label': name(d)
      });
      for (const event of ['focus', 'mouseenter', 'click']) dot.addEventListener(event, () => tell(d, dot));
      return dot;
    });
    const line = (cls, a, b, c, d) => svg('line', {class: cls, x1: a, y1: b, x2: c, y2: d});
    const text = (attrs, content) => svg('text', attrs, content);
    plot.replaceChildren(
        svg('svg', {
          class: 'scatter',
          width: W,
          height: H,
          viewBox: `0 0 ${W} ${H}`,
          role: 'group',
          'aria-label': `${words(chosen.y)} against ${words(chosen.x)}; the figures follow as a table`
        },
            xs.map(
                x =>
                    [line('mark', px(x), above, px(x), H - below),
                     text({x: px(x), y: H - below + 16, 'text-anchor': 'middle'}, show(chosen.x, x))]),
            ys.map(
                  y =>
                      [line('mark', left, py(y), W - right, py(y)),
                       text({x: left - 8, y: py(y) + 4, 'text-anchor': 'end'}, show(chosen.y, y))])
                .flat(),
            line('axis', left, H - below, W - right, H - below), line('axis', left, above, left, H - below),
            text({class: 'name', x: (left + W - right) / 2, y: H - 8, 'text-anchor': 'middle'}, words(chosen.x)),
            text({class: 'name', x: 4, y: 14}, words(chosen.y)),
            svg('polyline', {class: 'front', points: best.map(d => `${px(d.x)},${py(d.y)}`).join(' ')}), dots));
    legend.replaceChildren(
        ...(all.length > 10 ?
                [h('li', {}, `${chosen.colour} has ${all.length} values, more than there are colours.`)] :
                all.map((value, i) => h('li', {}, M.swatch(M.paletteOf(i)), `${chosen.colour} = ${value} `))));
    told.textContent = `${M.number(best.length)} of ${M.number(known.length)} points ${
        best.length === 1 ? 'is' :
                            'are'} the best there is. Point at one, or reach it with the Tab key, to see what it is.`;
  }
  draw();
  let width = plot.clientWidth;
  new ResizeObserver(() => {
    if (plot.clientWidth === width) return;
    width = plot.clientWidth;
    draw();
  }).observe(plot);

  // --- The table.
  const table = M.section(
      'points', 'Points',
      'The main figures of all queues together. All figures of every queue are in results.csv, and the results of each point in the folder points.');
  const MAIN = [
    'wait_s.mean', 'wait_s.p90', 'wait_s.p99', 'jct_mean_s', 'preemptions', 'finished', 'never_admitted',
    'resource_hours', 'lost_hours', 'utilisation'
  ];
  const isNumber = p => points.every(point => typeof point.values[p] === 'number');
  table.append(M.table({
    caption: 'Points',
    rows: points,
    columns: [
      {label: 'Point', text: true, value: p => p.point},
      ...parameters.map(
          name => isNumber(name) ? {label: name, value: p => p.values[name], show: v => M.number(v, 6)} :
                                   {label: name, text: true, value: p => String(p.values[name])}),
      ...MAIN.filter(n => data.figures.includes(n))
          .map(name => ({label: words(name), value: p => figure(p, name), show: v => show(name, v)}))
    ]
  }));
})();
