using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Alloc.Cli.CommandLine;
using Alloc.Client;
using Alloc.Processors.Notation;

namespace Alloc.Cli.Monitoring;

/// <summary>
/// Every number that an alert compares with, and where its links lead: the one file <c>thresholds.json</c>, over which
/// a file of one's own may lay other values. A section is an alert; its fields are numbers from 0, shares (their names
/// end in Share), durations like <c>5m</c>, addresses and patterns.
/// </summary>
internal sealed class Thresholds
{
    private const string Resource = "thresholds.json";
    private const int MaximumSize = 64 * 1024;
    private static readonly long LongestMs = (long)TimeSpan.FromDays(30).TotalMilliseconds;

    private readonly JsonObject sections;

    private Thresholds(JsonObject sections) => this.sections = sections;

    /// <summary>The shipped file.</summary>
    public static string ShippedText { get; } = ReadResource();

    /// <summary>Those that are shipped.</summary>
    public static Thresholds Shipped { get; } = new(ReadShipped());

    /// <summary>One section.</summary>
    public Limits this[string section] => new(sections[section] as JsonObject
        ?? throw new InvalidOperationException($"thresholds.json has no section {section}."));

    /// <summary>The shipped ones with other values laid over them.</summary>
    /// <param name="json">An object of sections; only what differs need be there.</param>
    /// <param name="name">What messages call it.</param>
    /// <exception cref="AllocException">
    /// Something in it is none of the shipped fields, or no value of its kind.
    /// </exception>
    public static Thresholds With(string json, string name)
    {
        var merged = ReadShipped();
        foreach (var (section, fields) in Parse(json, name))
        {
            var known = merged[section] as JsonObject ?? throw Unknown(name, section, merged);
            foreach (var (field, value) in fields as JsonObject
                ?? throw Bad(name, section, "is no object of fields; write for instance { \"for\": \"5m\" }."))
            {
                var shipped = known[field] ?? throw Unknown(name, $"{section}.{field}", known);
                if (Problem(field, shipped, value) is { } problem)
                {
                    throw Bad(name, $"{section}.{field}", problem);
                }
                known[field] = value!.DeepClone();
            }
        }
        return new Thresholds(merged);
    }

    /// <summary>Those of a file laid over the shipped ones; the shipped ones where there is no file.</summary>
    public static Thresholds Read(string? file)
    {
        if (file is null)
        {
            return Shipped;
        }
        if (!File.Exists(file))
        {
            throw AllocException.NotFound($"There is no file {file}.");
        }
        return new FileInfo(file).Length <= MaximumSize
            ? With(File.ReadAllText(file), file)
            : throw AllocException.Failed($"{file} is larger than {MaximumSize} bytes.", "Write only what differs.");
    }

    private static JsonObject Parse(string json, string name)
    {
        try
        {
            var once = new JsonDocumentOptions { AllowDuplicateProperties = false };
            return JsonNode.Parse(json, null, once) as JsonObject
                ?? throw AllocException.Failed($"{name} is no JSON object.",
                    "Write { \"Down\": { \"for\": \"2m\" } }.");
        }
        catch (JsonException e)
        {
            throw AllocException.Failed($"{name} is no JSON: {e.Message}", "Write { \"Down\": { \"for\": \"2m\" } }.");
        }
    }

    private static string? Problem(string field, JsonNode shipped, JsonNode? value)
    {
        var kind = shipped.GetValueKind();
        if (value is null || value.GetValueKind() != kind)
        {
            return $"is {value?.ToJsonString() ?? "null"}; write a value like {shipped.ToJsonString()}.";
        }
        if (kind == JsonValueKind.Number)
        {
            var number = value.GetValue<double>();
            var most = IsShare(field) ? 1 : 1e12;
            return number >= 0 && number <= most
                ? null
                : $"is {value.ToJsonString()}; write a number from 0 to {most.ToString(CultureInfo.InvariantCulture)}.";
        }
        var text = value.GetValue<string>();
        return DurationText.Parse(shipped.GetValue<string>()) is not null ? DurationProblem(text)
            : field == "exceptPattern" ? PatternProblem(text)
            : field == "job" ? Regex.IsMatch(text, "^[A-Za-z0-9_.-]{1,100}$")
                ? null : $"is '{text}'; write letters, digits, '.', '_' and '-'."
            : Uri.TryCreate(text, UriKind.Absolute, out var link) && link.Scheme is "http" or "https"
                && text.Length <= 500 && !text.EndsWith('/') && !text.Contains('"', StringComparison.Ordinal)
                ? null : $"is '{text}'; write an address like {shipped.ToJsonString()}, without a slash at its end.";
    }

    private static string? DurationProblem(string text) =>
        !DurationText.TryRead(text, out var ms, out var problem) ? $"'{text}' {problem}."
        : ms <= LongestMs ? null
        : $"is '{text}'; write at most 30d.";

    private static string? PatternProblem(string text)
    {
        try
        {
            _ = new Regex(text, RegexOptions.None, TimeSpan.FromSeconds(1));
            return text.Length is > 0 and <= 500 && !text.Contains('"', StringComparison.Ordinal)
                ? null : "is empty, has quotes or is longer than 500 characters.";
        }
        catch (ArgumentException e)
        {
            return $"is no regular expression: {e.Message}";
        }
    }

    /// <summary>Whether a field is a share, from 0 to 1.</summary>
    private static bool IsShare(string field) =>
        field.EndsWith("share", StringComparison.OrdinalIgnoreCase);

    private static AllocException Unknown(string name, string what, JsonObject known)
    {
        var last = what.Split('.')[^1];
        var near = known.Select(k => k.Key).Where(k => Spelling.IsNear(last, k)).ToList();
        return Bad(name, what, "is not known. " + (near.Count > 0
            ? $"Did you mean {string.Join(" or ", near)}?"
            : $"There are {string.Join(", ", known.Select(k => k.Key))}."));
    }

    private static AllocException Bad(string name, string what, string problem) =>
        AllocException.Failed($"{name}: {what} {problem}");

    private static JsonObject ReadShipped() => JsonNode.Parse(ShippedText)!.AsObject();

    private static string ReadResource()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The resource {Resource} is missing.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}

/// <summary>The thresholds of one alert, as an expression of Prometheus takes them.</summary>
internal readonly struct Limits(JsonObject fields)
{
    /// <summary>A duration as Prometheus writes it: <c>5m</c>.</summary>
    public string Duration(string field) => DurationText.Show(Milliseconds(field));

    /// <summary>A duration in seconds.</summary>
    public string Seconds(string field) => SecondsNumber(field).ToString(CultureInfo.InvariantCulture);

    /// <summary>The same as a number.</summary>
    public double SecondsNumber(string field) => Milliseconds(field) / 1000.0;

    /// <summary>A number or a share.</summary>
    public double Number(string field) => Field(field).GetValue<double>();

    /// <summary>A number or a share as an expression has it.</summary>
    public string Text(string field) => Field(field) is var value && value.GetValueKind() == JsonValueKind.Number
        ? value.GetValue<double>().ToString(CultureInfo.InvariantCulture)
        : value.GetValue<string>();

    /// <summary>A share in percent, as sentences have it: <c>5 %</c>.</summary>
    public string Percent(string field) => $"{(Number(field) * 100).ToString("0.##", CultureInfo.InvariantCulture)} %";

    /// <summary>A duration in milliseconds.</summary>
    public long Milliseconds(string field) => DurationText.Parse(Field(field).GetValue<string>())!.Value;

    private JsonNode Field(string field) =>
        fields[field] ?? throw new InvalidOperationException($"thresholds.json has no field {field} here.");
}
