using FsCheck;
using FsCheck.Fluent;

namespace Topology.Tests.Model;

/// <summary>
/// Scripts that reach every rule: few reservations, few units, short lives, repeats, late and early arrivals, time in
/// leaps, restarts.
/// </summary>
internal static class Histories
{
    public const long BeginMs = 1_700_000_000_000;
    private static readonly string[] Reservations = ["r1", "r2", "r3", "r4", "r5", "r6"];
    private static readonly string[] Customers = ["", "", " customer=ann", " customer=bob"];
    private static readonly string[] Dealers = ["", "", " dealer=seven", " dealer=nine"];

    /// <summary>Scripts for a policy; what fails is made shorter by leaving lines out.</summary>
    public static Arbitrary<string[]> For(NaivePolicy policy, int length) => Arb.From(
        Gen.Choose(0, int.MaxValue - 1).Select(seed => Write(policy, new Random(seed), length)), Shorter);

    /// <summary>The script of a seed.</summary>
    public static string[] Write(NaivePolicy policy, Random random, int length)
    {
        var lines = new string[1 + random.Next(length)];
        var erp = 0;
        for (var index = 0; index < lines.Length; index++)
        {
            lines[index] = Line(policy, random, ref erp, index);
        }
        return lines;
    }

    private static IEnumerable<string[]> Shorter(string[] lines)
    {
        for (var size = lines.Length / 2; size >= 1; size /= 2)
        {
            for (var start = 0; start + size <= lines.Length; start += size)
            {
                yield return [.. lines[..start], .. lines[(start + size)..]];
            }
        }
    }

    private static string Line(NaivePolicy policy, Random random, ref int erp, int index)
    {
        string Pick(string[] from) => from[random.Next(from.Length)];
        var r = Pick(Reservations);
        var quantity = 1 + random.Next(4);
        var owner = $"class={Pick(policy.Classes)}{Pick(Customers)}{Pick(Dealers)}";
        var maybe = random.Next(3) == 0 ? "" : $" {quantity}";
        var bucket = Pick(["", "", " held", " confirmed"]);
        var fact = random.Next(2) == 0 ? "" : $" erp={NextFact(random, ref erp)}";
        return random.Next(100) switch
        {
            < 16 => $"hold {r} {quantity} ttl={Ttl(random)} {owner}",
            < 24 => $"hold {r} {quantity} ttl={Ttl(random)} {owner} wait",
            < 28 => $"hold {r} {quantity} + {r}x{Pick(["", $":{policy.Classes[0]}", $":{policy.Classes[^1]}"])} 2 "
                + owner + (random.Next(2) == 0 ? " partial" : ""),
            < 30 => $"hold {r} {quantity} group=g {owner}",
            < 40 => $"confirm {r}{maybe}{(random.Next(3) == 0 ? " keep" : "")}{Pick(["", "", "", "", " commits=g"])}",
            < 47 => $"release {r}{maybe}{bucket}{(random.Next(4) == 0 ? " aborted" : "")}",
            < 53 => $"consume {r} {quantity} m{random.Next(12)}{fact}",
            < 57 => $"return {r} {quantity} n{random.Next(12)}{(random.Next(3) == 0 ? " blocked" : "")}{fact}",
            < 60 => $"extend {r} {Ttl(random)}",
            < 64 => $"amend {r} {random.Next(6)}",
            < 67 => $"split {r} {r}s{random.Next(3)}={1 + random.Next(2)}",
            < 69 => $"reassign {r}{(random.Next(2) == 0 ? " customer=ann" : " customer=bob")}",
            < 72 => $"force {r}{maybe}{bucket} by=eve #f{random.Next(3)}",
            < 74 => $"approve f{random.Next(3)} by={(random.Next(4) == 0 ? "eve" : "ann")}",
            < 79 => $"supply {(random.Next(3) == 0 ? -quantity : quantity)} erp={NextFact(random, ref erp)}",
            < 81 => $"snapshot {random.Next(14)} version={1 + (index / 4)} through={Math.Max(0, erp - random.Next(3))}",
            < 82 => $"snapshot {random.Next(14)} version={1 + (index / 4)}",
            < 84 => $"block {quantity}",
            < 86 => $"unblock {quantity}",
            < 87 => $"import {r} held=1 confirmed=1 {owner}",
            < 88 => $"configure service=60000{Pick(["", $" closes={random.Next(9) * 9_000}", " maximum=3"])}",
            < 92 => $"wait {(random.Next(3) == 0 ? 60_000 : random.Next(5_000))}",
            < 94 => "tick",
            < 97 => $"again {1 + random.Next(6)}",
            < 98 => random.Next(4) switch
            {
                3 when policy.Classes.Length == 3 =>
                    $"policy {2 + random.Next(ModelPolicies.All.Length - 2)} version={1 + index} "
                    + $"after={random.Next(2) * 3_000}",
                0 => "restart",
                1 => $"authority {Pick(["frozen", "authoritative", "authoritative"])} epoch={index}",
                _ => $"mode {Pick(["slow", "stop", "wait", "short"])}"
                    + Pick(["", " on", " on cap=20000", " on cap=3000 pools=a", " on classes=web", " on pools=b"]),
            },
            _ => $"@b hold {r} {quantity} {owner}",
        };
    }

    private static int Ttl(Random random) => 1_000 + (random.Next(8) * 4_000);

    // Mostly the next one; sometimes one that is early, doubled or late.
    private static int NextFact(Random random, ref int erp) => random.Next(5) switch
    {
        0 => Math.Max(1, erp - random.Next(3)),
        1 => erp += 2,
        _ => ++erp,
    };
}
