using System.Text;
using Confluent.Kafka;

namespace Alloc.Cli.Replays;

/// <summary>What a replayed record says of itself, besides the headers that it had.</summary>
internal static class ReplayHeaders
{
    /// <summary>Where it was read: <c>topic-partition@offset</c>.</summary>
    public const string From = "alloc-replay";

    /// <summary>The action that wrote it, as <c>operations.audit</c> knows it.</summary>
    public const string Action = "alloc-replay-action";

    /// <summary>The headers of a record that is written again.</summary>
    /// <param name="own">What it had; null for none.</param>
    /// <param name="from">Where it was read.</param>
    /// <param name="actionId">The action.</param>
    /// <param name="leavesOut">Headers that are not its own; those of an earlier replay never are.</param>
    public static Headers Of(Headers? own, RecordPosition from, string actionId, Func<string, bool>? leavesOut = null)
    {
        var headers = new Headers();
        foreach (var header in own ?? [])
        {
            if (header.Key is not (From or Action) && leavesOut?.Invoke(header.Key) != true)
            {
                headers.Add(header);
            }
        }
        headers.Add(From, Encoding.UTF8.GetBytes(from.ToString()));
        headers.Add(Action, Encoding.UTF8.GetBytes(actionId));
        return headers;
    }

    /// <summary>The text of the last header of the name; null where there is none.</summary>
    public static string? Text(Headers? headers, string name) =>
        headers is not null && headers.TryGetLastBytes(name, out var bytes) && bytes is not null
            ? Encoding.UTF8.GetString(bytes)
            : null;
}
