using System.Globalization;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;

namespace Topology.Tests.Model;

/// <summary>
/// A command as a line of text, as a failing history prints it and a test takes it:
/// <code>
/// hold r1 3 class=web ttl=60000 customer=ann wait      hold r1 2 + r2:web 1 partial
/// confirm r1 2 keep       release r1 2 held aborted    consume r1 2 m1 erp=4     return r1 1 m2 blocked
/// extend r1 5000          amend r1 4                   split r1 r1a=2            reassign r1 customer=bob
/// force r1 held by=eve    approve c3 by=ann            import r9 held=2 confirmed=1
/// supply 5 erp=2          snapshot 12 version=3 through=4 blocked=1              block 2     unblock 1
/// policy 3 version=2 after=1000   (a number of ModelPolicies.All)
/// configure capacity service=90000 closes=5000 maximum=3   authority frozen epoch=1    mode slow on cap=60000
/// mode wait on pools=a classes=web
/// wait 5000   tick   again 2   restart
/// </code>
/// A word <c>@b</c> first names another pool than <c>a</c>; <c>#c7</c> last names the command.
/// </summary>
internal sealed class ScriptLine
{
    private readonly Dictionary<string, string> named = new(StringComparer.Ordinal);
    private readonly List<string> words = [];

    public ScriptLine(string text)
    {
        Text = text;
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = word.IndexOf('=', StringComparison.Ordinal);
            if (word[0] == '@')
            {
                Pool = word[1..];
            }
            else if (word[0] == '#')
            {
                CommandId = word[1..];
            }
            else if (equals > 0)
            {
                named[word[..equals]] = word[(equals + 1)..];
            }
            else
            {
                words.Add(word);
            }
        }
    }

    public string Text { get; }

    public string Pool { get; } = "a";

    public string? CommandId { get; }

    public string Verb => words[0];

    public Actor Actor => new()
    {
        Type = Verb is "force" or "approve" ? ActorType.Operator : ActorType.Service,
        Id = named.GetValueOrDefault("by", "shop"),
        Channel = named.GetValueOrDefault("class", "standard"),
        Tier = named.GetValueOrDefault("tier"),
    };

    public long Number(int word, long otherwise) => word < words.Count
        && long.TryParse(words[word], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number : otherwise;

    public override string ToString() => Text;

    /// <summary>What is asked; null for a line that is no command.</summary>
    /// <param name="t">The clock: times in a line count from it.</param>
    public AllocationCommandBody? Body(long t) => Verb switch
    {
        "hold" => Hold(t),
        "confirm" => new AllocationCommandBody.Confirm
        {
            ReservationId = words[1],
            Quantity = Optional(2),
            Remainder = words.Contains("keep") ? Remainder.Keep : Remainder.Release,
            CommitGroup = named.GetValueOrDefault("commits"),
        },
        "release" => new AllocationCommandBody.Release
        {
            ReservationId = words[1],
            Quantity = Optional(2),
            Bucket = Bucket(),
            Reason = words.Contains("aborted") ? "GroupAborted" : "test",
        },
        "consume" => new AllocationCommandBody.Consume
        {
            ReservationId = words[1],
            Quantity = Number(2, 1),
            ConsumeId = words[3],
            OccurredAtMs = 0,
            Source = Erp is null ? null : "erp",
            SourceSequence = Erp,
        },
        "return" => new AllocationCommandBody.Return
        {
            ReservationId = words[1],
            Quantity = Number(2, 1),
            ConsumeId = words[3],
            Disposition = words.Contains("blocked") ? ReturnDisposition.Blocked : ReturnDisposition.Free,
            Source = Erp is null ? null : "erp",
            SourceSequence = Erp,
        },
        "extend" => new AllocationCommandBody.Extend { ReservationId = words[1], TtlMs = Number(2, 1) },
        "amend" => new AllocationCommandBody.Amend { ReservationId = words[1], NewQuantity = Number(2, 1) },
        "split" => new AllocationCommandBody.Split
        {
            ReservationId = words[1],
            Parts = [.. named.Select(p => new SplitPart { ReservationId = p.Key, Quantity = Long(p.Value) })],
        },
        "reassign" => new AllocationCommandBody.Reassign
        {
            ReservationId = words[1],
            ToCustomerRef = named.GetValueOrDefault("customer"),
            ToOrderRef = named.GetValueOrDefault("order"),
        },
        "force" => new AllocationCommandBody.ForceRelease
        {
            ReservationId = words[1],
            Quantity = Optional(2),
            Bucket = Bucket(),
            Reason = "test",
            Ticket = "t",
        },
        "approve" => new AllocationCommandBody.Approve { ApprovedCommandId = words[1] },
        "import" => new AllocationCommandBody.Import
        {
            ReservationId = words[1],
            Held = Named("held") ?? 0,
            Confirmed = Named("confirmed") ?? 0,
            ExpiresAtMs = t + (Named("ttl") ?? 60_000),
            Class = named.GetValueOrDefault("class"),
            CustomerRef = named.GetValueOrDefault("customer"),
        },
        "supply" => new AllocationCommandBody.SupplyDelta
        {
            Source = "erp",
            SourceSequence = Erp ?? 1,
            Quantity = Number(1, 1),
        },
        "snapshot" => new AllocationCommandBody.SupplySnapshot
        {
            Source = "erp",
            Version = Named("version") ?? 1,
            Quantity = Number(1, 0),
            Through = Named("through"),
            Blocked = Named("blocked"),
        },
        "block" => new AllocationCommandBody.Block { Quantity = Number(1, 1), Reason = "test" },
        "unblock" => new AllocationCommandBody.Unblock { Quantity = Number(1, 1), Reason = "test" },
        "configure" => new AllocationCommandBody.PoolConfigure
        {
            Settings = new PoolSettings
            {
                Unit = "piece",
                Kind = words.Contains("capacity") ? PoolKind.Capacity : PoolKind.Stock,
                SnapshotSource = "erp",
                ServiceAtMs = Named("service") is { } service ? Histories.BeginMs + service : null,
                ClosesAtMs = Named("closes") is { } closes ? t + closes : null,
                MaximumCapacity = Named("maximum"),
            },
        },
        "authority" => new AllocationCommandBody.AuthorityTransfer
        {
            Slice = "*",
            Mode = Enum.Parse<AuthorityMode>(words[1], ignoreCase: true),
            Owner = "test",
            NewEpoch = Named("epoch") ?? 0,
        },
        "mode" => new AllocationCommandBody.ModeSwitch
        {
            Mode = words[1],
            On = words.Contains("on"),
            CapMs = Named("cap"),
            Reason = "test",
            Pools = named.TryGetValue("pools", out var pools) ? pools.Split(',') : [],
            Classes = named.TryGetValue("classes", out var classes) ? classes.Split(',') : [],
        },
        "policy" => Policy(t),
        "tick" => new AllocationCommandBody.Tick { DueAtMs = t },
        _ => null,
    };

    private long? Erp => Named("erp");

    private AllocationCommandBody.PolicyActivate Policy(long t)
    {
        var version = (int)(Named("version") ?? 1);
        var policy = ModelPolicies.All[(int)Number(1, 0)].Write() with { Version = version };
        var document = PolicyDocument.Write(policy);
        return new AllocationCommandBody.PolicyActivate
        {
            Document = document,
            Version = version,
            ContentHash = PolicyDocument.HashOf(document),
            EffectiveAtMs = t + (Named("after") ?? 0),
        };
    }

    private AllocationCommandBody.Hold Hold(long t)
    {
        var mode = words.Contains("partial") ? HoldMode.Partial
            : words.Contains("wait") ? HoldMode.Waitlist : HoldMode.AllOrNothing;
        var lines = new List<HoldLine>();
        for (var index = 1; index + 1 < words.Count && words[index] is not ("partial" or "wait"); index += 3)
        {
            var name = words[index].Split(':');
            lines.Add(new HoldLine
            {
                ReservationId = name[0],
                Quantity = Long(words[index + 1]),
                Class = name.Length > 1 ? name[1] : null,
            });
        }
        var attributes = new Dictionary<string, string>();
        if (named.TryGetValue("dealer", out var dealer))
        {
            attributes["dealer"] = dealer;
        }
        return new AllocationCommandBody.Hold
        {
            ReservationId = lines.Count == 1 ? lines[0].ReservationId : null,
            Quantity = lines.Count == 1 ? lines[0].Quantity : null,
            Lines = lines.Count == 1 ? [] : lines,
            Mode = mode,
            TtlMs = Named("ttl"),
            WaitUntilMs = mode == HoldMode.Waitlist && Named("until") is { } until ? t + until : null,
            CustomerRef = named.GetValueOrDefault("customer"),
            GroupId = named.GetValueOrDefault("group"),
            Attributes = attributes,
        };
    }

    private ReleaseBucket Bucket() => words.Contains("held") ? ReleaseBucket.Held
        : words.Contains("confirmed") ? ReleaseBucket.Confirmed : ReleaseBucket.All;

    private long? Optional(int word) => Number(word, long.MinValue) is var number && number == long.MinValue
        ? null : number;

    private long? Named(string name) => named.TryGetValue(name, out var value) ? Long(value) : null;

    private static long Long(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
