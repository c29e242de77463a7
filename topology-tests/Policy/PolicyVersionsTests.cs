using System.Text.Json;
using Alloc.Processors.Allocation.Policy;

namespace Topology.Tests.Policy;

/// <summary>Version 0 is shipped and frozen: a journal decided under it must come out the same for ever.</summary>
public sealed class PolicyVersionsTests
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    [Fact]
    public void Version_0_never_changes()
    {
        const string Frozen = """
            {
              "Version": 0,
              "Limits": {
                "CommandRetentionMs": 86400000,
                "ReservationRetentionMs": 2592000000,
                "ConsumeRetentionMs": 2592000000,
                "GraceMs": 30000,
                "MaximumClockSkewMs": 60000,
                "MaximumQuantity": 1000000000000000,
                "MaximumLines": 100,
                "MaximumAttributes": 32,
                "MaximumIdLength": 256,
                "TimersPerRecord": 1000,
                "ParkedPerReservation": 8,
                "ParkedPerPool": 10000,
                "ExpiriesLookedAt": 64,
                "MissingRanges": 1000,
                "ApprovalMs": 86400000,
                "ApprovalsPerPool": 1000,
                "WaitersLookedAt": 128,
                "VictimsLookedAt": 1000
              },
              "Classes": [
                "standard"
              ],
              "ClassMappings": [],
              "ClassTable": [
                {
                  "Id": "class/standard",
                  "Pools": {
                    "Text": "*"
                  },
                  "Channel": null,
                  "Tier": null,
                  "Class": "standard",
                  "Attributes": null
                }
              ],
              "TtlTable": [
                {
                  "Id": "ttl/default",
                  "Pools": {
                    "Text": "*"
                  },
                  "Class": null,
                  "MinimumMs": 100,
                  "DefaultMs": 900000,
                  "MaximumMs": 86400000,
                  "ExtensionLimit": 10
                }
              ],
              "ConductTable": [
                {
                  "Id": "conduct/default",
                  "Pools": {
                    "Text": "*"
                  },
                  "LateConfirm": false,
                  "IsRevocable": true,
                  "ConsumeFromHeld": true,
                  "GroupRevocableMs": 3600000
                }
              ],
              "ImportanceTable": [],
              "OverbookingTable": [],
              "ProtectionTable": [],
              "QuotaTable": [],
              "PreemptionTable": [],
              "WaitlistTable": [],
              "DeficitTable": [],
              "ModeTable": [],
              "Drift": null
            }
            """;

        Assert.Equal(Frozen, JsonSerializer.Serialize(PolicyVersions.Version0, Indented));
    }
}
