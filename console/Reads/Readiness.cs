using System.Globalization;
using Alloc.Engine.Observability;
using Alloc.Engine.Restore;
using Alloc.Engine.Runtime;

namespace Alloc.Web.Reads;

/// <summary>Something that an instance waits for before it decides.</summary>
/// <param name="Reason">What, in words.</param>
/// <param name="Task">The task that waits, or null.</param>
/// <param name="Input">The input partition that waits, or null.</param>
/// <param name="Waited">How long it has waited; null where that is not counted.</param>
internal sealed record ReadinessWait(string Reason, string? Task, string? Input, TimeSpan? Waited);

/// <summary>
/// Whether an instance decides. It does when its tasks process, Kafka answers, and no partition of its own has stood
/// still for longer than the patience while records wait in it; with nothing to decide it is ready too.
/// </summary>
internal static class Readiness
{
    /// <summary>What is waited for; empty: ready.</summary>
    /// <param name="state">The application's state.</param>
    /// <param name="tasks">Its tasks.</param>
    /// <param name="restoring">How far restoring is.</param>
    /// <param name="inputs">Its input partitions.</param>
    /// <param name="contact">What it hears of Kafka.</param>
    /// <param name="failure">Why it stopped, or what it recovers from again and again; null for neither.</param>
    /// <param name="patience">How long something may stand still.</param>
    public static IReadOnlyList<ReadinessWait> Of(
        StreamsState state, IReadOnlyList<Alloc.Engine.Runtime.TaskStatus> tasks,
        IReadOnlyList<RestoreProgress> restoring, IReadOnlyList<InputStatus> inputs, BrokerContact contact,
        string? failure, TimeSpan patience)
    {
        var waits = new List<ReadinessWait>();
        if (contact.Silent >= patience)
        {
            waits.Add(new ReadinessWait(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Kafka has not answered for {contact.Silent.TotalSeconds:0} s: {contact.Why}"),
                null, null, contact.Silent));
        }
        if (state != StreamsState.Running)
        {
            waits.Add(new ReadinessWait(OfState(state, restoring, failure), null, null, null));
        }
        waits.AddRange(tasks.Where(t => t.WaitingFor is not null)
            .Select(t => new ReadinessWait(t.WaitingFor!, t.TaskId.ToString(), null, t.Waited)));
        var told = waits.Select(w => w.Reason).ToHashSet(StringComparer.Ordinal);
        // While all of Kafka is silent, that no partition's end is known says nothing more.
        foreach (var input in inputs.Where(i => i.IsHere && i.Stalled >= patience && contact.Silent < patience))
        {
            if (input.Why is null || !told.Contains(input.Why))
            {
                waits.Add(new ReadinessWait(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{input.Topic}-{input.Partition}: nothing has been decided for "
                        + $"{input.Stalled.TotalSeconds:0} s, {input.LagRecords} records wait")
                        + (input.Why is null ? "" : $": {input.Why}"),
                    null, $"{input.Topic}-{input.Partition}", input.Stalled));
            }
        }
        return waits;
    }

    private static string OfState(StreamsState state, IReadOnlyList<RestoreProgress> restoring, string? failure) =>
        state switch
        {
            StreamsState.Error => $"It stopped: {failure}",
            StreamsState.Restoring => string.Create(
                CultureInfo.InvariantCulture,
                $"Tasks restore their state: {restoring.Sum(r => r.Remaining)} records remain."),
            StreamsState.Rebalancing => "It waits for its partitions"
                + (failure is null ? "." : $", after a failure: {failure}"),
            StreamsState.PendingShutdown or StreamsState.NotRunning => "It stops.",
            _ => "It starts.",
        };
}
