namespace Alloc.Broker.Storage;

/// <summary>Kafka's rules for topic names. A name is checked before it becomes part of a path.</summary>
internal static class TopicName
{
    /// <summary>Longest name, in characters.</summary>
    public const int MaximumLength = 249;

    /// <summary>
    /// Whether two names are one where '.' and '_' are not told apart, as in the names of metrics. Kafka refuses the
    /// second of them.
    /// </summary>
    public static bool Collide(string one, string other) => one.Length == other.Length && Unify(one) == Unify(other);

    /// <summary>Why a name is refused; null if it is fine.</summary>
    public static string? Problem(string name)
    {
        if (name.Length == 0)
        {
            return "Topic name is invalid: it is empty.";
        }
        if (name is "." or "..")
        {
            return "Topic name is invalid: it is '.' or '..'.";
        }
        if (name.Length > MaximumLength)
        {
            return $"Topic name is invalid: it has {name.Length} characters, {MaximumLength} are allowed.";
        }
        if (name is "__consumer_offsets" or "__transaction_state")
        {
            return "Topic name is reserved: this broker keeps offsets and transactions elsewhere.";
        }
        return name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-')
            ? null
            : "Topic name is invalid: only ASCII letters, digits, '.', '_' and '-' are allowed.";
    }

    private static string Unify(string name) => name.Replace('.', '_');
}
