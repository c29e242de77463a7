using System.Text;
using Alloc.Processors.SupplyBridge;

namespace Topology.Tests.SupplyBridge;

/// <summary>Ids made of facts: short enough for the ledger, the same for the same, others for others.</summary>
public sealed class FactIdsTests
{
    [Fact]
    public void An_id_that_fits_is_as_it_reads()
    {
        var source = new string('s', 256 - "sb//p/7".Length);

        Assert.Equal("sb/wms/parts/gearbox/7", FactIds.OfMovement("wms", "parts/gearbox", 7));
        Assert.Equal("sb/wms/parts/gearbox/v7", FactIds.OfCount("wms", "parts/gearbox", 7));
        Assert.Equal("movement/m-1", FactIds.OfNobody("m-1"));
        Assert.Equal($"sb/{source}/p/7", FactIds.OfMovement(source, "p", 7));
        Assert.Equal(256, FactIds.OfMovement(source, "p", 7).Length);
    }

    [Fact]
    public void Longer_ones_keep_their_begin_and_are_still_told_apart()
    {
        var (source, pool) = (new string('s', 256), new string('p', 256));
        string[] ids =
        [
            FactIds.OfMovement(source, pool, 1), FactIds.OfMovement(source, pool, 2),
            FactIds.OfMovement(source, pool[1..], 1), FactIds.OfCount(source, pool, 1),
            FactIds.OfCount(source, pool, 11), FactIds.OfNobody(source), FactIds.OfNobody(pool),
        ];

        Assert.All(ids, id => Assert.Equal(256, id.Length));
        Assert.Equal(ids.Length, ids.Distinct().Count());
        Assert.All(ids[..5], id => Assert.StartsWith("sb/sss", id, StringComparison.Ordinal));
        Assert.Equal(ids[0], FactIds.OfMovement(source, pool, 1));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void No_character_is_cut_in_two(int shift)
    {
        var id = FactIds.OfNobody(new string('m', shift) + string.Concat(Enumerable.Repeat("🔧", 127)));

        var strict = new UTF8Encoding(false, throwOnInvalidBytes: true);
        Assert.True(id.Length is 255 or 256, $"{id.Length}");
        Assert.Equal(id, strict.GetString(strict.GetBytes(id)));
    }
}
