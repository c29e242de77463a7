using System.Diagnostics.Metrics;

namespace Alloc.Processors.Reconciliation.Mismatches;

/// <summary>
/// The instruments of mismatches on a meter: how they were when the keeper committed last. Only the instance that keeps
/// them shows them.
/// </summary>
internal sealed class MismatchInstruments
{
    private readonly Lock gate = new();
    private object? shower;
    private MismatchFigures? figures;

    public MismatchInstruments(Meter meter)
    {
        Gauge("alloc_reconciliation_mismatches", null, "Mismatches that are neither closed nor accepted.", f =>
            f.Classes.Select(c => new Measurement<double>(c.Count, OfClass(c))));
        Gauge(
            "alloc_reconciliation_oldest_mismatch_age", "s", "Age of the oldest of them; 0 when there is none.",
            f => f.Classes.Select(c => new Measurement<double>(c.OldestAgeSeconds, OfClass(c))));
        Gauge(
            "alloc_reconciliation_accepted", null, "Mismatches that a person said are meant, and that still stand.",
            f => f.Accepted.Select(n => new Measurement<double>(n.Count, Tag("class", n.First))));
        Gauge(
            "alloc_reconciliation_exception_queue", null, "Mismatches that no rule repairs, by owner.",
            f => f.Queue.Select(n => new Measurement<double>(n.Count, Tag("owner", n.First))));
        Gauge(
            "alloc_reconciliation_exception_overdue", null, "Those of them that somebody should have decided by now.",
            f => f.Overdue.Select(n => new Measurement<double>(n.Count, Tag("owner", n.First))));
        Gauge(
            "alloc_reconciliation_last_success_timestamp", "s", "When an automatic run was finished last, since 1970.",
            f => f.LastSuccessMs is { } ms ? [new Measurement<double>(ms / 1000.0)] : []);
        Counter(
            "alloc_reconciliation_repairs", "What became of repairs, by kind of repair and result.",
            f => f.Repairs.Select(n => new Measurement<long>(
                n.Count, Tag("action", n.First), Tag("result", n.Second))));
        Counter(
            "alloc_reconciliation_refused_decisions", "Decisions of people that were refused.",
            f => [new Measurement<long>(f.RefusedDecisions)]);

        void Gauge(
            string name, string? unit, string help, Func<MismatchFigures, IEnumerable<Measurement<double>>> read) =>
            meter.CreateObservableGauge(name, () => Read(read), unit, help);

        void Counter(string name, string help, Func<MismatchFigures, IEnumerable<Measurement<long>>> read) =>
            meter.CreateObservableCounter(name, () => Read(read), null, help);
    }

    /// <summary>A keeper shows what is committed.</summary>
    public void Show(object by, MismatchFigures committed)
    {
        lock (gate)
        {
            (shower, figures) = (by, committed);
        }
    }

    /// <summary>A keeper keeps no more here; another may have begun.</summary>
    public void Withdraw(object by)
    {
        lock (gate)
        {
            if (shower == by)
            {
                (shower, figures) = (null, null);
            }
        }
    }

    private List<Measurement<T>> Read<T>(Func<MismatchFigures, IEnumerable<Measurement<T>>> read)
        where T : struct
    {
        lock (gate)
        {
            return figures is null ? [] : [.. read(figures)];
        }
    }

    private static KeyValuePair<string, object?>[] OfClass(MismatchFigures.OfClass c) =>
        [Tag("class", c.Class), Tag("severity", c.Severity)];

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
