// The page of a comparison. Muster.data is what ComparisonsAsJson (text.h) writes.
'use strict';
(() => {
  const M = Muster, {h, data} = M;
  const LABELS = {
    wait_mean_s: 'Wait, mean',
    wait_p50_s: 'Wait, p50',
    wait_p90_s: 'Wait, p90',
    wait_p99_s: 'Wait, p99',
    jct_mean_s: 'Completion time, mean',
    preemptions: 'Preemptions',
    never_admitted: 'Never admitted',
    finished: 'Finished',
    resource_hours: 'Used ' + M.hours,
    borrowed_hours: 'Borrowed ' + M.hours,
    lost_hours: 'Lost ' + M.hours,
    peak_queue: 'Longest queue'
  };
  const label = key => LABELS[key] || key;
  const show = (key, value) => key.endsWith('_s') ? M.duration(value) : M.short(value);
  const signed = (key, value) => value == null ? M.NONE : (value > 0 ? '+' : '') + show(key, value);
  const clear = f => f.interval != null && (f.interval[0] > 0 || f.interval[1] < 0);
  const level = M.number(100 * data.bootstrap.level);
  const base = data.base.dir;
  const totalOf = other => other.teams[other.teams.length - 1];

  // --- What was replayed, and how it went in all.
  function runs() {
    const section = M.section('runs', 'Runs', 'The first is what the others are held against.');
    const rows = [
      {dir: base, provenance: data.base.provenance, differs: 'the base', side: 'base', other: data.others[0]},
      ...data.others.map(o => ({
                           dir: o.dir,
                           provenance: o.provenance,
                           differs: o.differs_in.length ? o.differs_in.join(', ') : 'nothing',
                           side: 'other',
                           other: o
                         }))
    ];
    const keys = ['wait_mean_s', 'wait_p90_s', 'jct_mean_s', 'preemptions', 'never_admitted', 'resource_hours'].filter(
        key => data.others.every(o => totalOf(o).figures[key]));
    section.append(M.table({
      caption: 'Runs',
      rows,
      columns: [
        {label: 'Run', text: true, value: r => r.dir},
        {label: 'Differs from the base in', text: true, value: r => r.differs},
        ...keys.map(key => ({
                      label: label(key),
                      value: r => totalOf(r.other).figures[key][r.side],
                      show: value => show(key, value)
                    })),
        {label: 'Trace', text: true, value: r => r.provenance.trace.file},
        {label: 'Version', text: true, value: r => r.provenance.muster}
      ]
    }));
  }

  // --- Changes with their intervals.
  function changes(other, key) {
    const rows = other.teams.filter(t => t.figures[key] && t.figures[key].interval)
                     .map(t => ({name: t.name === 'total' ? 'All queues' : t.name, ...t.figures[key]}));
    const ends = rows.flatMap(r => [r.change, ...r.interval, 0]);
    const low = Math.min(...ends), high = Math.max(...ends);
    if (low === high) return null;
    const at = value => (4 + 92 * (value - low) / (high - low)).toFixed(2) + '%';
    const kind = r => !clear(r) ? 'unclear' : r.change > 0 ? 'more' : 'less';
    const told = r => `${signed(key, r.change)} (${signed(key, r.interval[0])} to ${signed(key, r.interval[1])})`;
    return h(
        'div', {}, h('h3', {}, label(key) + ': change and ' + level + ' % interval'),
        h('p', {class: 'note'},
          'Left of the line it is less than in ' + base + ', right of it more; grey: the interval holds 0.'),
        h('div', {class: 'changes', role: 'img', 'aria-label': rows.map(r => r.name + ' ' + told(r)).join('; ')},
          rows.map(
              r =>
                  [h('div', {class: 'name'}, r.name), h('div', {class: 'value'}, signed(key, r.change)),
                   h('div', {class: 'track'}, h('i', {class: 'zero', style: {left: at(0)}}), h('i', {
                       class: 'span ' + kind(r),
                       style: {left: at(r.interval[0]), right: (100 - parseFloat(at(r.interval[1]))).toFixed(2) + '%'}
                     }),
                     h('i', {class: 'dot ' + kind(r), style: {left: at(r.change)}}))])));
  }

  function figures(other) {
    const rows = [];
    for (const team of other.teams) {
      for (const [key, f] of Object.entries(team.figures)) {
        if (f.change !== 0 || clear(f)) rows.push({team: team.name === 'total' ? 'All queues' : team.name, key, ...f});
      }
    }
    const alike = other.teams.filter(t => t.same && t.name !== 'total').map(t => t.name);
    const range = r => signed(r.key, r.interval[0]) + ' to ' + signed(r.key, r.interval[1]);
    return [
      M.table({
        caption: 'What changed, ' + other.dir + ' against ' + base,
        rows,
        page: 100,
        columns: [
          {label: 'Queue', text: true, value: r => r.team}, {label: 'Figure', text: true, value: r => label(r.key)},
          {label: base, value: r => r.base, show: (v, r) => show(r.key, v)},
          {label: other.dir, value: r => r.other, show: (v, r) => show(r.key, v)},
          {label: 'Change', value: r => r.change, show: (v, r) => signed(r.key, v)}, {
            label: level + ' % interval',
            value: r => r.interval == null ? null : r.interval[0],
            show: (v, r) => v == null ? M.NONE : range(r)
          },
          {label: 'Clear', text: true, value: r => clear(r) ? 'yes' : ''}
        ]
      }),
      alike.length ? h('p', {}, 'Nothing changed for ' + alike.join(', ') + '.') : null
    ];
  }

  // --- Jobs, and the decisions that made the difference.
  const decision = (name, d) =>
      h('li', {}, h('strong', {}, name + ': '), d == null ? 'nothing more' : `${M.time(d.t)}, ${d.job} ${d.decision}`);
  const parting = (other, p) =>
      p == null ? M.NONE : h('ul', {class: 'parting'}, decision(base, p.base), decision(other.dir, p.other));
  function fate(job) {
    const [a, b] = job.finish_s, [x, y] = job.start_s;
    if ((a == null) !== (b == null)) return b == null ? 'ends no more' : 'ends now';
    if ((x == null) !== (y == null)) return y == null ? 'starts no more' : 'starts now';
    return (a == null ? 'starts ' : 'ends ') + M.duration(Math.abs(job.later_s)) +
        (job.later_s > 0 ? ' later' : ' earlier');
  }
  function jobs(other, list, caption) {
    if (!list.length) return null;
    return M.table({
      caption,
      rows: list,
      columns: [
        {label: 'Job', text: true, value: j => j.job}, {label: 'Queue', text: true, value: j => j.queue},
        {label: 'Outcome', text: true, value: fate},
        {label: 'Preemptions', text: true, value: j => j.preemptions.join(' → ')}, {
          label: 'First decisions that differ',
          text: true,
          value: j => j.job,
          show: (v, j) => parting(other, j.first_difference)
        }
      ]
    });
  }

  function comparison(other, id) {
    const left = other.only_base + other.only_other;
    const section = M.section(
        id, other.dir,
        (other.same ?
             `No difference: all ${M.number(other.jobs)} jobs wait as long, end as late and are preempted as often.` :
             `${M.number(other.jobs_that_differ)} of ${M.number(other.jobs)} jobs fare otherwise than in ${base}.`) +
            (left ? ` The traces differ: ${M.number(other.only_base)} jobs are only in ${base}, ${
                        M.number(other.only_other)} only in ${other.dir}.` :
                    ''));
    if (other.same) return;
    const total = totalOf(other).figures;
    const shown = ['wait_mean_s', 'wait_p99_s', 'jct_mean_s', 'preemptions', 'never_admitted', 'resource_hours'];
    section.append(
        M.tiles(shown.filter(k => total[k]).map(k => ({
                                                  label: label(k),
                                                  value: signed(k, total[k].change),
                                                  extra: `${show(k, total[k].base)} → ${show(k, total[k].other)}`
                                                }))));
    const parts = [
      h('div', {class: 'columns'}, changes(other, 'wait_mean_s'), changes(other, 'jct_mean_s')), ...figures(other),
      jobs(other, other.gained, 'Jobs that gained most'), jobs(other, other.lost, 'Jobs that lost most')
    ];
    if (other.first_difference)
      parts.push(h('h3', {}, 'The first decision that differs'), parting(other, other.first_difference));
    section.append(...parts.filter(e => e != null));
  }

  runs();
  data.others.forEach((other, i) => comparison(other, 'run-' + i));
  M.section(
      'method', 'How sure it is',
      `Waits are of the jobs that start in both runs, completion times of those that end in both. Intervals hold ${
          level} % of the differences in up to ${
          M.number(data.bootstrap.resamples)} draws of jobs with replacement, as pairs (percentile bootstrap, seed ${
          data.bootstrap
              .seed}). Jobs are taken to be independent of each other; they share queues, so that intervals are rather too narrow than too wide. Hours and queue lengths are exact: they belong to the queue as a whole.`);
})();
