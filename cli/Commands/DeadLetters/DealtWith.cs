using Alloc.Cli.Replays;
using Alloc.Schemas.Operations;

namespace Alloc.Cli.Commands.DeadLetters;

/// <summary>Which letters were replayed or discarded, by what <c>operations.audit</c> says.</summary>
internal sealed class DealtWith
{
    private readonly Dictionary<(string Topic, int Partition), List<(long From, long To, OperatorAction Action)>> ranges
        = [];

    /// <param name="actions">Every action, in the order they were written.</param>
    public DealtWith(IEnumerable<OperatorAction> actions)
    {
        foreach (var action in actions.Where(a => a.Kind
            is OperatorActionKind.DeadLettersReplayed or OperatorActionKind.DeadLettersDiscarded))
        {
            foreach (var position in action.Positions)
            {
                var key = (action.Topic, position.Partition);
                if (!ranges.TryGetValue(key, out var found))
                {
                    ranges[key] = found = [];
                }
                found.Add((position.FromOffset, position.ToOffset, action));
            }
        }
        foreach (var found in ranges.Values)
        {
            found.Sort((a, b) => a.From.CompareTo(b.From));
        }
    }

    /// <summary>What was done with a letter; null: nothing yet.</summary>
    public OperatorAction? With(RecordPosition letter)
    {
        if (!ranges.TryGetValue((letter.Topic, letter.Partition), out var found))
        {
            return null;
        }
        // Ranges of one partition do not overlap: what was done is not done again.
        var (low, high) = (0, found.Count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var (from, to, action) = found[middle];
            if (letter.Offset < from)
            {
                high = middle - 1;
            }
            else if (letter.Offset > to)
            {
                low = middle + 1;
            }
            else
            {
                return action;
            }
        }
        return null;
    }

    /// <summary>Offsets of letters as ranges; what follows one another is one.</summary>
    public static IReadOnlyList<ActionPosition> Positions(IEnumerable<RecordPosition> letters)
    {
        var positions = new List<ActionPosition>();
        foreach (var letter in letters.OrderBy(l => l.Partition).ThenBy(l => l.Offset))
        {
            if (positions is [.., var last] && last.Partition == letter.Partition && last.ToOffset + 1 == letter.Offset)
            {
                positions[^1] = last with { ToOffset = letter.Offset };
            }
            else
            {
                positions.Add(new ActionPosition
                {
                    Partition = letter.Partition,
                    FromOffset = letter.Offset,
                    ToOffset = letter.Offset,
                });
            }
        }
        return positions;
    }
}
