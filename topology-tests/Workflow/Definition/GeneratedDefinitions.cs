using System.Text.Json.Nodes;
using Alloc.Processors.Documents;
using Alloc.Processors.Notation;
using Alloc.Processors.Workflow.Definition;

namespace Topology.Tests.Workflow.Definition;

/// <summary>Documents of every shape that a definition may have, and such as it may not.</summary>
internal sealed class GeneratedDefinitions(Random random)
{
    private static readonly string[] Letters =
        ["a", "Z", "7", " ", "\"", "\\", "/", ":", "#", "\n", "\t", "\0", "\u0085", "\u2028", "é", "漢", "🂡", "-", "{"];

    private static readonly string[][] Orders =
    [
        ["hold", "fraud", "authorise"], ["fraud", "hold", "authorise"], ["authorise", "fraud", "hold"],
        ["hold", "authorise"], ["authorise", "hold"],
    ];

    /// <summary>A document without errors.</summary>
    public JsonObject Valid()
    {
        var version = random.Next(10, int.MaxValue);
        var segments = Segments();
        var hasFraud = segments.Any(segment => segment!["steps"]!.AsArray().Count == 5);
        var document = new JsonObject
        {
            ["version"] = version,
            ["segments"] = segments,
            ["limits"] = Limits(hasFraud),
        };
        Maybe(document, "payment", () => Object(
            ("tries", Number(1, 10)), ("firstPause", Time(86_400)), ("factor", Number(1, 100)),
            ("answerWithin", Time(86_400)), ("reauthorisations", Number(0, 3))));
        Maybe(document, "compensation", () => Object(
            ("tries", Number(1, 8)), ("firstPause", Time(300)), ("factor", Number(1, 100)),
            ("answerWithin", Time(86_400))));
        Maybe(document, "review", () => Object(
            ("reviewers", Number(0, 100_000)), ("perCase", Time(86_400)), ("acceptBelow", Number(0, 80)),
            ("rejectFrom", Number(80, 100))));
        Maybe(document, "promise", () => Object(("notifyAtMostEvery", Time(7_776_000))));
        Maybe(document, "mappings", Mappings);
        Maybe(document, "migrations", () => Migrations(version));
        return document;
    }

    /// <summary>A copy of a document of which one place holds something else, or is gone.</summary>
    public JsonObject Damaged(JsonObject whole)
    {
        var document = whole.DeepClone().AsObject();
        var places = new List<JsonNode>();
        Collect(document, places);
        var place = places[random.Next(places.Count)];
        var other = Pick<JsonNode?>(
        [
            null, JsonValue.Create(0), JsonValue.Create(-1), JsonValue.Create(1.5), JsonValue.Create(long.MaxValue),
            JsonValue.Create(true), JsonValue.Create(""), JsonValue.Create("1s"), JsonValue.Create("confirm"),
            JsonValue.Create("cancel"), JsonValue.Create(Text()), new JsonArray(), new JsonObject(),
            new JsonObject { ["x"] = 1 },
        ]);
        if (place.Parent is JsonArray list)
        {
            list[list.IndexOf(place)] = other;
        }
        else if (random.Next(3) == 0)
        {
            place.Parent!.AsObject().Remove(place.GetPropertyName());
        }
        else
        {
            place.Parent![place.GetPropertyName()] = other;
        }
        return document;
    }

    private static void Collect(JsonNode? node, List<JsonNode> places)
    {
        IEnumerable<JsonNode?> inner = node switch
        {
            JsonObject o => o.Select(field => field.Value),
            JsonArray a => a,
            _ => [],
        };
        foreach (var child in inner.OfType<JsonNode>())
        {
            places.Add(child);
            Collect(child, places);
        }
    }

    // The first attribute of each segment is of no other, so that none hides another.
    private JsonArray Segments()
    {
        var rows = new JsonArray();
        for (var index = random.Next(4); index > 0; index--)
        {
            var when = new JsonObject();
            var attributes = new JsonObject { [$"only{index}"] = Texts() };
            if (random.Next(2) == 0)
            {
                attributes[Text()] = Texts();
            }
            when["attributes"] = attributes;
            if (random.Next(2) == 0)
            {
                when["amountAtLeastMinor"] = random.NextInt64(0, long.MaxValue);
                when["currency"] = Pick(["EUR", "USD", "JPY"]);
            }
            rows.Add(new JsonObject { ["id"] = $"segment/{index}", ["when"] = when, ["steps"] = Steps() });
        }
        rows.Add(new JsonObject { ["id"] = "all", ["steps"] = Steps() });
        return rows;
    }

    private JsonArray Steps() =>
        [.. Orders[random.Next(Orders.Length)].Append("confirm").Append("fulfil").Select(step => (JsonNode?)step)];

    private JsonArray Limits(bool hasFraud)
    {
        var steps = Enum.GetValues<WorkflowStep>()
            .Where(step => hasFraud || step is not (WorkflowStep.Fraud or WorkflowStep.Review)).ToArray();
        random.Shuffle(steps);
        return [.. steps.Select(step =>
        {
            var row = new JsonObject
            {
                ["within"] = Time(7_776_000), ["step"] = Words.Of(step),
                ["then"] = Words.Of(Pick<LimitAction>([.. LimitActions.Of(step)])),
            };
            if (step == WorkflowStep.Fraud && random.Next(2) == 0)
            {
                row["inReviewRouting"] = "review";
            }
            return (JsonNode?)row;
        })];
    }

    private JsonArray Mappings() => [.. Enumerable.Range(0, random.Next(6)).Select(index =>
    {
        var kind = Pick(Enum.GetValues<OutsideKind>());
        return (JsonNode?)new JsonObject
        {
            ["code"] = $"{Text()}{index}", ["id"] = $"m{index}",
            ["system"] = Words.Of(kind) + Pick(["", "/north", "/a.b/c"]),
            ["version"] = random.Next(1, 4),
            ["means"] = Pick<OutsideMeaning>([.. OutsideSystems.MeaningsOf(kind)]).ToString(),
        };
    })];

    private JsonArray Migrations(int version) => [.. Enumerable.Range(1, random.Next(5)).Select(from =>
        (JsonNode?)new JsonObject { ["rule"] = Pick(["finish", "move"]), ["to"] = version, ["from"] = from })];

    private void Maybe(JsonObject document, string name, Func<JsonNode> value)
    {
        if (random.Next(2) == 0)
        {
            document[name] = value();
        }
    }

    private JsonObject Object(params (string Name, JsonNode Value)[] fields)
    {
        random.Shuffle(fields);
        return new JsonObject(
            fields.Take(random.Next(fields.Length + 1)).Select(f => KeyValuePair.Create(f.Name, (JsonNode?)f.Value)));
    }

    private JsonValue Number(int minimum, int maximum) => JsonValue.Create(random.Next(minimum, maximum + 1));

    private JsonValue Time(int mostSeconds)
    {
        var ms = random.Next(1, mostSeconds + 1) * 1_000L;
        return JsonValue.Create(random.Next(3) switch
        {
            0 => $"{ms}ms",
            1 => $"PT{ms / 1_000}S",
            _ => DurationText.Show(ms),
        })!;
    }

    private JsonArray Texts() =>
        [.. Enumerable.Range(0, random.Next(1, 4)).Select(index => (JsonNode?)$"{Text()}{index}")];

    private string Text() => string.Concat(Enumerable.Range(0, random.Next(1, 9)).Select(_ => Pick(Letters)));

    private T Pick<T>(T[] from) => from[random.Next(from.Length)];
}
