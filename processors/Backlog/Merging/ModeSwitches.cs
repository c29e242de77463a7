using System.Globalization;
using Alloc.Engine.Processing;
using Alloc.Processors.Catalogue;
using Alloc.Schemas.Backlog;

namespace Alloc.Processors.Backlog.Merging;

/// <summary>Switches modes: by their measures, by what persons ask, and where the catalogue changes them.</summary>
internal sealed class ModeSwitches(MergeStores stores, ModeRecords records)
{
    /// <summary>Looks at the mode's measure.</summary>
    /// <param name="catalogue">The catalogue in force.</param>
    /// <param name="row">The mode's row in it.</param>
    /// <param name="value">The measure; null: it is not known.</param>
    /// <param name="nowMs">The clock.</param>
    public void Look(OperationsCatalogue catalogue, ModeRow row, double? value, long nowMs)
    {
        var memory = MemoryOf(row);
        var rival = catalogue.Rival(row, IsOn, m => MemoryOf(m).IsNeeded);
        var next = ModeAutomaton.Next(row, memory, value, rival is not null, nowMs);
        Keep(row.Id, memory, next);
        if (next.On != memory.On)
        {
            var threshold = next.On ? row.OnAt : row.OffAt;
            records.Tell(
                catalogue, row, next, new ModeCause(Why(row, next, value, threshold), value, threshold), nowMs);
        }
        records.Remind(row, nowMs);
    }

    /// <summary>An operator asks for a mode to be on or off.</summary>
    /// <exception cref="BadRecordException">The catalogue has no such mode, nobody asks, or another mode is in the way.
    /// </exception>
    public void Take(OperationsCatalogue catalogue, ModeState asked, long nowMs)
    {
        Follow(catalogue, nowMs);
        var row = catalogue.Mode(asked.Mode) ?? throw new BadRecordException(string.Create(
            CultureInfo.InvariantCulture,
            $"version {catalogue.Version} of the operations catalogue has no mode '{asked.Mode}'"))
        {
            Kind = BadRecordKind.Unknown,
        };
        if (string.IsNullOrEmpty(asked.Person))
        {
            throw new BadRecordException($"nobody asks for mode '{asked.Mode}' to be switched; name the person");
        }
        var memory = MemoryOf(row);
        if (asked.On && !memory.On && catalogue.Rival(row, IsOn, _ => false) is { } rival)
        {
            throw new BadRecordException(
                $"mode '{row.Id}' cannot be on: mode '{rival.Id}' is, and never do two act on one pool; switch "
                + $"'{rival.Id}' off first, or give them different pools with alloc catalogue apply");
        }
        var next = ModeAutomaton.Switch(memory, asked.On, asked.Person, asked.Reason, nowMs);
        Keep(row.Id, memory, next);
        records.Tell(catalogue, row, next, new ModeCause(next.Reason), nowMs);
    }

    /// <summary>
    /// Makes of the modes that are on what the catalogue says now, whatever it said when they came on. One whose row is
    /// gone is switched off. Another effect is another thing: the old one ends, the new one begins. Other bounds the
    /// ledger takes in place of the old ones, so that nothing that the mode keeps waiting goes in between. A mode that
    /// has another one in its way by now is switched off.
    /// </summary>
    public void Follow(OperationsCatalogue catalogue, long nowMs)
    {
        foreach (var (mode, memory) in stores.Modes.All().ToList())
        {
            if (catalogue.Mode(mode) is null)
            {
                Forget(catalogue, mode, memory, nowMs);
            }
        }
        var changed = Changed(catalogue);
        var undecided = changed.Where(c => ModeDifferences.MayMeetRivals(c.Fields)).Select(c => c.Row.Id).ToHashSet();
        foreach (var change in changed)
        {
            // As if all of them came on at this moment: the earlier row first.
            var rival = undecided.Remove(change.Row.Id)
                ? catalogue.Rival(change.Row, m => IsOn(m) && !undecided.Contains(m.Id), _ => false)
                : null;
            Change(catalogue, change, rival, nowMs);
        }
    }

    private static ModeMemory Unused { get; } = new() { On = false, SinceMs = 0, Episode = 0, IsNeeded = false };

    private ModeMemory MemoryOf(ModeRow row) => stores.Modes.Get(row.Id) ?? Unused;

    private bool IsOn(ModeRow row) => MemoryOf(row).On;

    private void Keep(string mode, ModeMemory before, ModeMemory after)
    {
        if (after != before)
        {
            stores.Modes.Put(mode, after);
        }
    }

    // Modes that are on and whose rows say something else than was told, in the order of the rows.
    private List<ChangedMode> Changed(OperationsCatalogue catalogue)
    {
        var changed = new List<ChangedMode>();
        foreach (var row in catalogue.Modes.Where(IsOn))
        {
            if (records.Last(row.Id) is { On: true } told
                && ModeDifferences.Between(told, row) is { Count: > 0 } fields)
            {
                changed.Add(new ChangedMode(row, told, fields));
            }
        }
        return changed;
    }

    private void Change(OperationsCatalogue catalogue, ChangedMode change, ModeRow? rival, long nowMs)
    {
        var (row, told, fields) = change;
        var memory = MemoryOf(row);
        var why = string.Create(
            CultureInfo.InvariantCulture,
            $"version {catalogue.Version} of the operations catalogue changed its {string.Join(", ", fields)}");
        if (rival is not null)
        {
            Keep(row.Id, memory, memory with { On = false, SinceMs = nowMs, Person = null, Reason = "" });
            records.End(told, catalogue, $"{why}; mode '{rival.Id}' is on and acts on some of its pools", nowMs);
            return;
        }
        var next = memory;
        if (fields.Contains(ModeDifferences.Effect))
        {
            records.End(told, catalogue, why, nowMs);
            next = memory with { SinceMs = nowMs };
            Keep(row.Id, memory, next);
        }
        records.Tell(
            catalogue, row, next, new ModeCause(why), nowMs, isCommanded: ModeDifferences.ChangeWhatActs(fields));
    }

    private void Forget(OperationsCatalogue catalogue, string mode, ModeMemory memory, long nowMs)
    {
        stores.Modes.Delete(mode);
        if (memory.On && records.Last(mode) is { } told)
        {
            records.End(told, catalogue, "the catalogue has the mode no more", nowMs);
        }
    }

    private static string Why(ModeRow row, ModeMemory memory, double? value, double? threshold) => string.Create(
        CultureInfo.InvariantCulture,
        $"{ModeMeasures.NameOf(row.Measure)} of {row.Stage} is {value:0.###}, {(memory.On ? "at or above" : "below")} "
        + $"{threshold:0.###}");

    // A mode that is on, what was told of it, and the fields of its row that differ.
    private sealed record ChangedMode(ModeRow Row, ModeState Told, IReadOnlyList<string> Fields);
}
