using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Alloc.Client;
using Alloc.Processors.Notation;
using Alloc.Schemas.Allocation;

namespace Alloc.Cli.Commands.Reservations;

/// <summary>One promise of another system, as a line of a file says it.</summary>
internal sealed record ImportLine(int Number, string PoolId, AllocationCommandBody.Import Body)
{
    /// <summary>The same for the same line content, whoever imports it and how often.</summary>
    public string CommandId
    {
        get
        {
            var text = string.Join(
                '\n', PoolId, Body.ReservationId, $"{Body.Held}", $"{Body.Confirmed}", $"{Body.ExpiresAtMs}",
                Body.Class, Body.OrderRef, Body.CustomerRef);
            return $"import-all/{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..32]}";
        }
    }
}

/// <summary>
/// A file of promises: one JSON object a line, as <c>alloc authority export -o jsonl</c> writes them. Read as a whole
/// before anything is sent; what is wrong is said with its line.
/// </summary>
internal static class ImportFile
{
    private const int MaximumLineCount = 1_000_000;
    private const int MaximumLineLength = 64 * 1024;
    private const int ProblemsShown = 20;

    // What an export says besides; an import does not take it over.
    private static readonly HashSet<string> Ignored = new(StringComparer.Ordinal)
    {
        "waiting", "groupId", "channel", "tier", "dealer", "createdAt", "version",
    };

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 4, AllowDuplicateProperties = false };

    /// <summary>
    /// The promises, how many lines only waited for units, and what the export says that it does not have, or null.
    /// </summary>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="reader">Its text.</param>
    /// <exception cref="AllocException">A line is wrong; nothing of the file may be used.</exception>
    public static (IReadOnlyList<ImportLine> Lines, int WaitingOnly, string? Incomplete) Read(
        string file, TextReader reader)
    {
        var lines = new List<ImportLine>();
        var known = new Dictionary<(string Pool, string Id), int>();
        var problems = new List<string>();
        var (number, waitingOnly) = (0, 0);
        string? incomplete = null;
        while (reader.ReadLine() is { } text && problems.Count < ProblemsShown)
        {
            number++;
            if (string.IsNullOrWhiteSpace(text))
            {
                continue;
            }
            if (number > MaximumLineCount)
            {
                problems.Add($"{file}: more than {MaximumLineCount:N0} lines; split it.");
                break;
            }
            try
            {
                var line = Parse(number, text, out var mark);
                if (mark is not null)
                {
                    incomplete ??= mark;
                }
                else if (line is null)
                {
                    waitingOnly++;
                }
                else if (!known.TryAdd((line.PoolId, line.Body.ReservationId), number))
                {
                    problems.Add(
                        $"{file}:{number}: {line.PoolId}/{line.Body.ReservationId} is on line "
                        + $"{known[(line.PoolId, line.Body.ReservationId)]} too; a reservation is imported once.");
                }
                else
                {
                    lines.Add(line);
                }
            }
            catch (FormatException e)
            {
                problems.Add($"{file}:{number}: {e.Message}");
            }
        }
        return problems.Count == 0
            ? (lines, waitingOnly, incomplete)
            : throw AllocException.Failed(
                string.Join("\n       ", problems),
                "Nothing was imported. The lines are those of alloc authority export -o jsonl.");
    }

    // Null: it promises nothing, or marks the export as not whole.
    private static ImportLine? Parse(int number, string text, out string? mark)
    {
        mark = null;
        if (text.Length > MaximumLineLength)
        {
            throw new FormatException($"the line has {text.Length:N0} characters, more than {MaximumLineLength:N0}.");
        }
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(text, Strict);
        }
        catch (JsonException e)
        {
            throw new FormatException($"this is no JSON object: {e.Message}", e);
        }
        using (document)
        {
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new FormatException("a line is a JSON object, {\"poolId\": …, \"reservationId\": …, …}.");
            }
            var fields = new Fields(document.RootElement);
            if (fields.Text("incomplete") is { } missing)
            {
                mark = missing;
                return null;
            }
            var body = new AllocationCommandBody.Import
            {
                ReservationId = fields.Text("reservationId") ?? throw Fields.Missing("reservationId"),
                Held = fields.Units("held"),
                Confirmed = fields.Units("confirmed"),
                ExpiresAtMs = fields.Time("expiresAt"),
                Class = fields.Text("class"),
                OrderRef = fields.Text("orderRef"),
                CustomerRef = fields.Text("customerRef"),
            };
            var pool = fields.Text("poolId") ?? throw Fields.Missing("poolId");
            fields.CheckAllKnown();
            if (body.Held + body.Confirmed > 0)
            {
                return new ImportLine(number, pool, body);
            }
            return document.RootElement.TryGetProperty("waiting", out var waiting)
                && waiting.ValueKind == JsonValueKind.Number
                    ? null
                    : throw new FormatException("held and confirmed: one of them is at least 1.");
        }
    }

    private sealed class Fields(JsonElement line)
    {
        private readonly HashSet<string> asked = new(StringComparer.Ordinal);

        public static FormatException Missing(string name) => new($"{name} is missing.");

        public string? Text(string name) => Find(name) switch
        {
            null => null,
            { ValueKind: JsonValueKind.String } value when !string.IsNullOrWhiteSpace(value.GetString()) =>
                value.GetString(),
            { ValueKind: JsonValueKind.String } => throw new FormatException(
                $"{name} is empty; leave it out, or give it a value."),
            { } value => throw new FormatException($"{name}: {value.GetRawText()} is no text."),
        };

        public long Units(string name) => Find(name) switch
        {
            null => 0,
            { ValueKind: JsonValueKind.Number } value when value.TryGetInt64(out var units) && units >= 0 => units,
            { } value => throw new FormatException(
                $"{name}: {value.GetRawText()} is no whole number from 0 to {long.MaxValue}."),
        };

        public long? Time(string name) => Text(name) is not { } text ? null
            : TimeText.TryRead(text, out var timeMs, out var problem) ? timeMs
            : throw new FormatException($"{name}: '{text}' {problem}.");

        public void CheckAllKnown()
        {
            foreach (var property in line.EnumerateObject())
            {
                if (!asked.Contains(property.Name) && !Ignored.Contains(property.Name))
                {
                    throw new FormatException(
                        $"{property.Name} is not known. Known are {string.Join(", ", asked)}.");
                }
            }
        }

        private JsonElement? Find(string name)
        {
            asked.Add(name);
            return line.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
        }
    }
}
