// Adds charts to Muster: a range of time that all charts of the page share, lines over time or over any other x, and
// bars. Each chart is a figure with its legend and its figures as a table. Drawn by uPlot when it comes into sight.
'use strict';
(() => {
  const M = Muster, {h} = M;

  // --- The range of time all charts show.
  const whole = [M.data.begin || 0, Math.max(M.data.end || 1, (M.data.begin || 0) + 1)];
  let range = whole.slice();
  const followers = [];
  const output = h('output', {'aria-label': 'Time shown'});
  const view = {
    whole,
    get from() {
      return range[0];
    },
    get to() {
      return range[1];
    },
    follow: listener => followers.push(listener),
    // Cut to the replay; never less than a second.
    set(from, to) {
      const length = Math.min(Math.max(to - from, 1), whole[1] - whole[0]);
      from = Math.min(Math.max(from, whole[0]), whole[1] - length);
      if (from === range[0] && from + length === range[1]) return;
      range = [from, from + length];
      tell();
      for (const listener of followers) listener();
    },
    zoom(factor, at = (range[0] + range[1]) / 2) {
      view.set(at - (at - range[0]) * factor, at + (range[1] - at) * factor);
    },
    pan(part) {
      const by = part * (range[1] - range[0]);
      view.set(range[0] + by, range[1] + by);
    },
    reset() {
      view.set(...whole);
    },
    // The keys of every chart: arrows move, + and - zoom, 0 shows all. Returns whether it was one of them.
    key(event) {
      const acts = {
        ArrowLeft: () => view.pan(-.2),
        ArrowRight: () => view.pan(.2),
        '+': () => view.zoom(.5),
        '=': () => view.zoom(.5),
        '-': () => view.zoom(2),
        '0': view.reset
      };
      if (event.ctrlKey || event.metaKey || event.altKey || !acts[event.key]) return false;
      acts[event.key]();
      event.preventDefault();
      return true;
    },
    // Buttons for it, into the navigation, so that they stay in sight.
    controls() {
      const button = (text, label, act) =>
          h('button', {type: 'button', 'aria-label': label, title: label, onclick: act}, text);
      document.getElementById('range-slot')
          .append(
              h('div', {class: 'range', role: 'group', 'aria-label': 'Range of time'}, output,
                button('◀', 'Earlier', () => view.pan(-.5)), button('▶', 'Later', () => view.pan(.5)),
                button('+', 'Zoom in', () => view.zoom(.5)), button('−', 'Zoom out', () => view.zoom(2)),
                button('All', 'Show the whole replay', view.reset)));
      tell();
    },
  };
  function tell() {
    output.textContent = M.duration(range[1] - range[0]) + ' from ' + M.time(Math.round(range[0]));
  }

  // --- Axes of time: steps that people count in, labelled as short as the step allows.
  const STEPS = [
    1,     2,     5,     10,    30,     60,     120,     300,     600,     1800,     3600,     7200,
    10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2419200, 7257600, 31536000, 94608000, 315360000
  ];
  // Marks of an axis of durations that is logarithmic.
  const WAITS = [.5, 10, 60, 600, 3600, 21600, 86400, 604800, 2592000, 31536000];
  const zero = M.isUtc ? 0 : M.begin;  // what the steps are counted from
  const two = value => String(value).padStart(2, '0');
  function timeLabel(t, step) {
    const at = Math.round(t - zero), second = at % 60,
          clock = two(Math.floor(at / 3600) % 24) + ':' + two(Math.floor(at / 60) % 60);
    const date = M.isUtc ? new Date(t * 1000) : null;
    if (step >= 86400) {
      if (!date) return 'day ' + Math.floor(at / 86400);
      return date.toLocaleDateString(
          'en', {timeZone: 'UTC', day: 'numeric', month: 'short', year: step >= 31536000 ? 'numeric' : undefined});
    }
    if (at % 86400 === 0)
      return date ? date.toLocaleDateString('en', {timeZone: 'UTC', day: 'numeric', month: 'short'}) :
                    'day ' + at / 86400;
    return step < 60 ? clock + ':' + two(second) : clock;
  }
  // The marks between `from` and `to` on `width` pixels: [[seconds, label]].
  function timeMarks(from, to, width) {
    const step = STEPS.find(s => (to - from) / s * 78 <= width) || STEPS[STEPS.length - 1];
    const marks = [];
    for (let t = zero + Math.ceil((from - zero) / step) * step; t <= to; t += step) marks.push([t, timeLabel(t, step)]);
    return marks;
  }

  const css = (variable, alpha) => {
    const parts = M.colour(variable).match(/[\d.]+/g);
    return `rgba(${parts[0]}, ${parts[1]}, ${parts[2]}, ${alpha ?? 1})`;
  };

  // What is drawn once it comes near the window.
  function whenSeen(element, act) {
    if (!('IntersectionObserver' in window)) return act();
    const observer = new IntersectionObserver(entries => {
      if (!entries.some(e => e.isIntersecting)) return;
      observer.disconnect();
      act();
    }, {rootMargin: '400px'});
    observer.observe(element);
  }

  // A chart. x: numbers, ascending; time: x is time, and the chart shows the page's range of it.
  // series: [{label, values, color: CSS variable, fill: opacity of the area, dash, width, hidden, quiet: no figures}],
  // values[i] holds from x[i] to x[i + 1] when `step`. stacked: areas upon each other (those that have a fill).
  // show: value => text with its unit; xShow: x => text; unit: what the y axis counts; log: x is logarithmic.
  function chart({
    title,
    note,
    x,
    xLabel,
    time = false,
    step = true,
    stacked = false,
    series,
    unit,
    show = v => M.short(v),
    xShow,
    log = false,
    height = 230,
    top,
    summary,
    legend = true
  }) {
    const on = series.map(s => !s.hidden);
    const tellX = xShow || (time ? v => M.time(Math.round(v)) : v => M.short(v));
    const plotBox = h('div', {
      class: 'plot',
      tabindex: '0',
      role: 'img',
      style: {'--height': height + 'px'},
      'aria-label': `${title}. ${summary || describe()} ${
          time ? 'Arrow keys move, plus and minus zoom, 0 shows all.' : ''} The figures follow as a table.`
    });
    const values = series.map(() => h('span', {class: 'value'}));
    const buttons = series.map(
        (s, i) =>
            h('button', {type: 'button', 'aria-pressed': String(on[i]), onclick: () => toggle(i)}, M.swatch(s.color),
              s.label, values[i]));
    const figure =
        h('figure', {}, h('figcaption', {}, h('h3', {}, title), note ? h('p', {}, note) : null), plotBox,
          legend && series.length > 1 ?
              h('ul', {class: 'legend', 'aria-label': 'Lines shown'}, buttons.map(b => h('li', {}, b))) :
              null,
          fallback());
    let plot = null;

    function describe() {
      return series.filter((s, i) => on[i] && !s.quiet)
          .slice(0, 6)
          .map(s => {
            const known = s.values.filter(v => v != null);
            return known.length ? `${s.label}: at most ${show(known.reduce((a, b) => Math.max(a, b)))}.` : '';
          })
          .join(' ');
    }
    // The figures, at most 48 rows of them, made when asked for.
    function fallback() {
      const details = h('details', {class: 'fallback'}, h('summary', {}, 'Figures as a table'));
      details.addEventListener('toggle', () => {
        if (details.childElementCount > 1) return;
        const every = Math.max(1, Math.ceil(x.length / 48)), rows = x.map((_, i) => i).filter(i => i % every === 0);
        details.append(M.table({
          caption: title + (every > 1 ? `, each ${every}th of ${x.length} figures` : ''),
          rows,
          page: 48,
          columns: [
            {
              label: xLabel || (time ? 'From' : 'x'),
              unit: time ? M.timeUnit : null,
              value: i => x[i],
              show: v => tellX(v)
            },
            ...series.filter(s => !s.quiet)
                .map(s => ({label: s.label, unit, value: i => s.values[i], show: v => v == null ? M.NONE : show(v)}))
          ]
        }));
      });
      return details;
    }
    function toggle(i) {
      on[i] = !on[i];
      buttons[i].setAttribute('aria-pressed', String(on[i]));
      draw();
    }
    // What uPlot is given: with steps the last value once more, stacked ones summed up from below.
    function columns() {
      const length = x.length, xs = step && length > 1 ? [...x, 2 * x[length - 1] - x[length - 2]] : x;
      const sums = new Array(xs.length).fill(0);
      return [
        xs, ...series.map((s, i) => {
          const own = step && length > 1 ? [...s.values, s.values[length - 1]] : s.values;
          if (!stacked || !s.fill || !on[i]) return own;
          return own.map((v, k) => sums[k] += v || 0);
        })
      ];
    }
    function options() {
      const text = css('--muted'), grid = {stroke: css('--grid'), width: 1},
            ticks = {stroke: css('--line'), width: 1, size: 4};
      const bands = [];
      if (stacked) {
        let below = -1;
        series.forEach((s, i) => {
          if (!s.fill || !on[i]) return;
          if (below >= 0) bands.push({series: [i + 1, below + 1]});
          below = i;
        });
      }
      return {
        width: Math.max(120, plotBox.clientWidth),
        height,
        padding: [8, 10, 0, 0],
        legend: {show: false},
        bands,
        cursor: {
          drag: {x: time, y: false, setScale: false},
          points: {size: 6},
          y: false,
          sync: time ? {key: 'time', setSeries: false} : undefined
        },
        scales: {
          x: {
            time: false,
            distr: log ? 3 : 1,
            range: (u, min, max) => time ? [view.from, view.to] : [min, max > min ? max : min + 1]
          },
          y:
              {range: (u, min, max) =>
                   [0,
                    top != null ? top :
                        max > 0 ? max * 1.06 :
                                  1]},
        },
        axes: [
          {
            stroke: text,
            grid,
            ticks,
            font: '12px system-ui, sans-serif',
            size: 30,
            ...(time ? {
              splits: u => timeMarks(u.scales.x.min, u.scales.x.max, u.bbox.width / devicePixelRatio).map(m => m[0]),
              values: (u, splits) => {
                const known = new Map(timeMarks(u.scales.x.min, u.scales.x.max, u.bbox.width / devicePixelRatio));
                return splits.map(s => known.get(s) ?? '');
              }
            } :
                    log ? {
                      filter: (u, splits) => splits,
                      // As many as have room beside each other.
                      splits: u => {
                        const marks = WAITS.filter(s => s >= u.scales.x.min && s <= u.scales.x.max);
                        const every = Math.ceil(marks.length * 52 / (u.bbox.width / devicePixelRatio));
                        return marks.filter((_, i) => i % every === 0);
                      },
                      values: (u, splits) => splits.map(v => tellX(v))
                    } :
                          {values: (u, splits) => splits.map(v => v == null ? '' : tellX(v))})
          },
          {
            stroke: text,
            grid,
            ticks,
            font: '12px system-ui, sans-serif',
            size: (u, labels) => Math.max(34, 14 + 7 * Math.max(0, ...(labels || []).map(l => String(l).length))),
            values: (u, splits) => splits.map(v => show(v, true))
          },
        ],
        series: [
          {}, ...series.map((s, i) => ({
                              label: s.label,
                              show: on[i],
                              stroke: css(s.color),
                              width: s.width ?? 1.5,
                              dash: s.dash,
                              fill: s.fill ? css(s.color, s.fill) : undefined,
                              points: {show: !step && x.length < 3},
                              paths: step ? uPlot.paths.stepped({align: 1}) : undefined,
                              spanGaps: false,
                            }))
        ],
        hooks: {
          setSelect: [u => {
            if (u.select.width > 4)
              view.set(u.posToVal(u.select.left, 'x'), u.posToVal(u.select.left + u.select.width, 'x'));
            u.setSelect({left: 0, top: 0, width: 0, height: 0}, false);
          }],
          setCursor: [u => readout(u.cursor.idx)],
        },
      };
    }
    function readout(at) {
      const i = at == null ? null : Math.min(at, x.length - 1);
      series.forEach((s, k) => {
        values[k].textContent = i == null || s.values[i] == null ? '' : show(s.values[i]);
      });
      if (legend && series.length > 1 && i != null && !values.some(v => v.title === tellX(x[i])))
        for (const v of values) v.title = tellX(x[i]);
    }
    function draw() {
      if (!plotBox.clientWidth) return;
      if (plot) plot.destroy();
      plot = new uPlot(options(), columns(), plotBox);
    }
    plotBox.addEventListener('dblclick', () => time && view.reset());
    plotBox.addEventListener('keydown', event => time && view.key(event));
    if (time) view.follow(() => plot && plot.setScale('x', {min: view.from, max: view.to}));
    M.onTheme(() => plot && draw());
    new ResizeObserver(() => plot && Math.abs(plot.width - Math.max(120, plotBox.clientWidth)) > 1 && plot.setSize({
      width: Math.max(120, plotBox.clientWidth),
      height
    })).observe(plotBox);
    whenSeen(figure, draw);
    return figure;
  }

  // Bars, a row for each name. rows: [{name, values}], a bar for each of
  // `kinds`: [{label, color}]; show: value => text.
  function bars({title, note, rows, kinds, show}) {
    const most = rows.reduce((a, r) => Math.max(a, ...r.values.map(v => v || 0)), 0) || 1;
    return h(
        'figure', {}, h('figcaption', {}, h('h3', {}, title), note ? h('p', {}, note) : null),
        h('div', {class: 'bars', 'aria-hidden': 'true'},
          rows.map(
              row =>
                  [h('div', {class: 'name'}, row.name),
                   h('div', {class: 'pair'},
                     row.values.map(
                         (value, i) =>
                             h('div', {class: 'bar'}, h('i', {
                                 style: {
                                   width: `calc(${((value || 0) / most).toFixed(4)} * (100% - 4.5rem))`,
                                   background: `var(${kinds[i].color})`
                                 }
                               }),
                               show(value))))])),
        h('ul', {class: 'legend', 'aria-hidden': 'true'},
          kinds.map(k => h('li', {}, h('small', {}, M.swatch(k.color), k.label, ' ')))),
        h('details', {class: 'fallback'}, h('summary', {}, 'Figures as a table'), M.table({
          caption: title,
          rows,
          columns: [
            {label: 'Name', text: true, value: r => r.name},
            ...kinds.map((k, i) => ({label: k.label, value: r => r.values[i], show}))
          ]
        })));
  }

  Object.assign(M, {view, chart, bars, timeMarks, css, whenSeen});
})();
