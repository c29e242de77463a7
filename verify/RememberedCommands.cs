using Alloc.Client;

namespace Alloc.Verify;

/// <summary>
/// The command ids that a partition remembers, each for as long as its outcome says and no longer: fingerprints, no
/// texts. What is still to be decided is remembered until it is.
/// </summary>
internal sealed class RememberedCommands
{
    private readonly ForgettingTable<UInt128, RememberedCommand> known = new(
        static (command, timeMs) => !command.IsProvisional && command.UntilMs <= timeMs);

    private readonly List<string> names = [];
    private readonly Dictionary<string, int> numbers = new(StringComparer.Ordinal);

    /// <summary>How many are kept.</summary>
    public int Count => known.Count;

    /// <summary>What is remembered under an id at a time; null: nothing.</summary>
    public RememberedCommand? Find(UInt128 id, long timeMs) => known.TryFind(id, timeMs, out var found) ? found : null;

    /// <summary>Remembers an outcome under an id, in place of one that was before.</summary>
    public void Put(UInt128 id, ObservedOutcome outcome, long untilMs) => known.Put(
        id,
        new RememberedCommand(
            Fingerprint.Of(outcome.OutcomeId), untilMs, NumberOf(outcome.Event),
            outcome.Answer == AnswerKind.Provisional),
        outcome.TimeMs);

    /// <summary>The event of what is remembered.</summary>
    public string EventOf(in RememberedCommand command) => names[command.Event];

    private int NumberOf(string name)
    {
        if (!numbers.TryGetValue(name, out var number))
        {
            numbers[name] = number = names.Count;
            names.Add(name);
        }
        return number;
    }
}

/// <summary>What is remembered of a command.</summary>
/// <param name="OutcomeId">Fingerprint of the outcome that answered it.</param>
/// <param name="UntilMs">Until when, on the log's clock.</param>
/// <param name="Event">Number of that outcome's event.</param>
/// <param name="IsProvisional">Whether it is still to be decided.</param>
internal readonly record struct RememberedCommand(UInt128 OutcomeId, long UntilMs, int Event, bool IsProvisional);
