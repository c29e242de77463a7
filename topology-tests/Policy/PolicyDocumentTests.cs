using Alloc.Processors.Allocation.Policy;

namespace Topology.Tests.Policy;

/// <summary>A policy is data: the same in YAML, in JSON and in its canonical form.</summary>
public sealed class PolicyDocumentTests
{
    [Fact]
    public void Version_0_can_be_written_and_read_back_as_an_equal_policy()
    {
        var reading = PolicyDocument.Parse(PolicyDocument.Write(PolicyVersions.Version0));

        Assert.Empty(reading.Errors);
        Assert.Equal(PolicyVersions.Version0, reading.Policy);
    }

    [Fact]
    public void The_canonical_document_of_version_0_and_its_hash_never_change()
    {
        const string Canonical = """
            {"version":0,"classes":["standard"],"class":[{"id":"class/standard","pools":"*","class":"standard"}],
            "ttl":[{"id":"ttl/default","pools":"*","minimum":"100ms","default":"15m","maximum":"1d","extensions":10}],
            "conduct":[{"id":"conduct/default","pools":"*"}]}
            """;

        Assert.Equal(Canonical.ReplaceLineEndings(""), PolicyDocument.Write(PolicyVersions.Version0));
        Assert.Equal(
            "8cb3219462a93ec2b24a75ac1e1c6af80db8d41c73f0d2cf18b530dfda4f90af",
            PolicyDocument.HashOf(PolicyVersions.Version0));
    }

    [Fact]
    public void The_example_of_the_documentation_is_a_valid_policy()
    {
        var reading = PolicyDocument.ParseAny(PolicyTexts.Example(), previous: PolicyVersions.Version0);

        Assert.Empty(reading.Errors);
        var policy = reading.Policy!;
        Assert.Equal("field-service", policy.ClassFor("parts/valve", "field-service", null).Class);
        Assert.Equal("premium-dealer", policy.ClassFor("parts/valve", "dealer", "premium").Class);
        Assert.Equal(
            "replenishment",
            policy.ClassFor("parts/valve", "erp", null, new Dictionary<string, string> { ["purpose"] = "van-stock" })
                .Class);
        Assert.Equal(15 * 60_000, policy.TtlFor("parts/valve", "web").DefaultMs);
        Assert.Equal(10 * 60_000, policy.TtlFor("parts/leaflet-1", "dealer").MaximumMs);
        Assert.Equal("ttl/others, importance/leaflets", policy.TtlFor("parts/leaflet-1", "dealer").Id);
        Assert.Equal("quota/dealer-7", policy.QuotaFor("parts/valve", QuotaScope.Dealer, "dealer-7")!.Id);
        Assert.Equal("quota/other-dealers", policy.QuotaFor("parts/valve", QuotaScope.Dealer, "dealer-8")!.Id);
        Assert.Null(policy.WaitlistFor("parts/leaflet-1"));
        Assert.False(policy.ConductFor("parts/safety-1").IsRevocable);
        Assert.Equal("importance/safety", policy.RevocableRowFor("parts/safety-1"));
        Assert.Equal("conduct/default", policy.RevocableRowFor("parts/valve"));
    }

    [Fact]
    public void The_policy_and_the_error_that_the_documentation_shows_are_real()
    {
        var text = PolicyTexts.Document("policy.md");
        var yaml = text.Split("```yaml\n")[1].Split("```")[0];
        var shown = text.Split('\n').Single(line => line.StartsWith("error  my.policy.yaml", StringComparison.Ordinal));

        var right = PolicyDocument.ParseAny(yaml, previous: PolicyVersions.Version0);
        var wrong = PolicyDocument.ParseAny(yaml.Replace("15m", "15 minutes", StringComparison.Ordinal));

        Assert.Empty(right.Errors);
        Assert.Equal(shown, $"error  {Assert.Single(wrong.Errors).Show("my.policy.yaml")}");
    }

    [Fact]
    public void Every_table_survives_the_canonical_form()
    {
        var policy = PolicyDocument.ParseAny(PolicyTexts.Example()).Policy!;

        var again = PolicyDocument.Parse(PolicyDocument.Write(policy));

        Assert.Empty(again.Errors);
        Assert.Equal(policy, again.Policy);
        Assert.Equal(PolicyDocument.Write(policy), PolicyDocument.Write(again.Policy!));
    }

    [Fact]
    public void The_same_policy_in_yaml_and_in_json_has_the_same_hash()
    {
        const string Json = """
            {
              "conduct": [{"pools": "*", "id": "conduct/all", "lateConfirm": false}],
              "ttl": [{"id": "ttl/all", "pools": "*", "minimum": "1000ms", "default": "15m", "maximum": "24h",
                       "extensions": 10}],
              "class": [{"id": "class/all", "pools": "*", "class": "web"}],
              "classes": ["gold", "web"],
              "version": 1
            }
            """;

        var yaml = PolicyDocument.ParseAny(PolicyTexts.Smallest).Policy!;
        var json = PolicyDocument.ParseAny(Json).Policy!;

        Assert.Equal(PolicyDocument.HashOf(yaml), PolicyDocument.HashOf(json));
        Assert.Equal(yaml, json);
    }

    [Theory]
    [InlineData("gpu-cluster")]
    [InlineData("quota")]
    [InlineData("seats")]
    [InlineData("spare-parts")]
    public void Every_example_can_follow_version_0(string name) => Assert.Empty(PolicyTexts.ErrorsOf(
        PolicyTexts.Document($"examples/{name}.policy.yaml"), PolicyVersions.Version0));

    [Fact]
    public void A_quota_that_takes_nothing_back_has_the_hash_that_it_always_had()
    {
        const string Row =
            "quota: [{id: q, pools: a, scope: dealer, value: d, nominal: 5, lending: 2}]\n";
        var plain = PolicyDocument.ParseAny(PolicyTexts.Smallest + Row).Policy!;
        AllocationPolicy With(string reclaim) => PolicyDocument.ParseAny(PolicyTexts.Smallest
            + Row.Replace("lending: 2", $"lending: 2, reclaim: {reclaim}", StringComparison.Ordinal)).Policy!;

        Assert.DoesNotContain("reclaim", PolicyDocument.Write(plain), StringComparison.Ordinal);
        Assert.Equal(PolicyDocument.HashOf(plain), PolicyDocument.HashOf(With("none")));
        Assert.Equal(QuotaReclaim.Confirmed, With("confirmed").QuotaTable[0].Reclaim);
        Assert.Contains("\"reclaim\":\"held\"", PolicyDocument.Write(With("held")), StringComparison.Ordinal);
    }

    [Fact]
    public void Another_number_is_another_hash()
    {
        var one = PolicyDocument.ParseAny(PolicyTexts.Smallest).Policy!;
        var other = PolicyDocument.ParseAny(PolicyTexts.Smallest.Replace("15m", "16m", StringComparison.Ordinal))
            .Policy!;

        Assert.NotEqual(PolicyDocument.HashOf(one), PolicyDocument.HashOf(other));
        Assert.NotEqual(one, other);
    }

    [Fact]
    public void Limits_that_are_left_out_are_those_of_version_0()
    {
        var policy = PolicyDocument.ParseAny(PolicyTexts.Smallest + "limits: {grace: 1m30s}\n").Policy!;

        Assert.Equal(PolicyVersions.Version0.Limits with { GraceMs = 90_000 }, policy.Limits);
        Assert.Contains("\"limits\":{\"grace\":\"90s\"}", PolicyDocument.Write(policy), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0s", 0)]
    [InlineData("1500ms", 1_500)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("2d4h", 187_200_000)]
    public void A_time_is_a_number_and_a_unit(string text, long ms)
    {
        var policy = PolicyDocument.ParseAny(PolicyTexts.Smallest + $"limits: {{grace: {text}}}\n").Policy!;

        Assert.Equal(ms, policy.Limits.GraceMs);
    }
}
