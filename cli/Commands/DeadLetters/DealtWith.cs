using System.Text.Json;
using System.Text.Json.Nodes;
using Alloc.Cli.Output;
using Alloc.Cli.Replays;
using Alloc.Schemas.Operations;

namespace Alloc.Cli.Commands.DeadLetters;

/// <summary>Which letters were replayed or discarded, by what <c>operations.audit</c> says.</summary>
internal sealed class DealtWith
{
    private readonly Dictionary<(string Topic, int Partition), List<(long From, long To, OperatorAction Action)>> ranges
        = [];

    private readonly Dictionary<RecordPosition, RecordPosition> replayed = [];

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
            NoteWritten(action);
        }
        foreach (var found in ranges.Values)
        {
            found.Sort((a, b) => a.From.CompareTo(b.From));
        }
    }

    /// <summary>
    /// The letter that a record of an input was replayed from; null: somebody else wrote it. A letter whose origin is
    /// one has died again.
    /// </summary>
    public RecordPosition? SourceOf(RecordPosition? record) =>
        record is { } at && replayed.TryGetValue(at, out var letter) ? letter : null;

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

    /// <summary>What the record of a replay says besides its positions.</summary>
    /// <param name="words">Filters and rates, in words.</param>
    /// <param name="letters">The letters.</param>
    /// <param name="written">Where each stands in its input now.</param>
    public static string Detail(
        string words, IEnumerable<RecordPosition> letters,
        IReadOnlyDictionary<RecordPosition, RecordPosition> written) =>
        JsonText.Line(new JsonObject
        {
            ["how"] = words,
            ["written"] = new JsonArray([.. InOrder(letters).Select(l => (JsonNode)new JsonArray(
                written[l].Partition, written[l].Offset))]),
        });

    /// <summary>Offsets of letters as ranges; what follows one another is one.</summary>
    public static IReadOnlyList<ActionPosition> Positions(IEnumerable<RecordPosition> letters)
    {
        var positions = new List<ActionPosition>();
        foreach (var letter in InOrder(letters))
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

    private static IEnumerable<RecordPosition> InOrder(IEnumerable<RecordPosition> letters) =>
        letters.OrderBy(l => l.Partition).ThenBy(l => l.Offset);

    /// <summary>Where the letters of a replay went: a place for each, in their order.</summary>
    private void NoteWritten(OperatorAction action)
    {
        if (action.Target is not { } target || Written(action.Detail) is not { } written)
        {
            return;
        }
        var letters = action.Positions.SelectMany(p => Offsets(p).Select(
            offset => new RecordPosition(action.Topic, p.Partition, offset)));
        foreach (var (letter, place) in letters.Zip(written))
        {
            replayed[new RecordPosition(target, (int)place![0]!, (long)place[1]!)] = letter;
        }

        static IEnumerable<long> Offsets(ActionPosition position)
        {
            for (var offset = position.FromOffset; offset <= position.ToOffset; offset++)
            {
                yield return offset;
            }
        }
    }

    private static JsonArray? Written(string detail)
    {
        try
        {
            return detail.StartsWith('{') ? JsonNode.Parse(detail)?["written"] as JsonArray : null;
        }
        catch (JsonException)
        {
            // Another version's words; only which letters died again is not known then.
            return null;
        }
    }
}
