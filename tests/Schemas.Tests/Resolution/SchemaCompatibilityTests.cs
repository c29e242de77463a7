using Alloc.Schemas.Avro;
using Alloc.Schemas.Registry;

namespace Schemas.Tests.Resolution;

public sealed class SchemaCompatibilityTests
{
    private static readonly AvroSchema One = Record("{`name`:`a`,`type`:`int`}");
    private static readonly AvroSchema WithDefault =
        Record("{`name`:`a`,`type`:`int`},{`name`:`b`,`type`:`int`,`default`:0}");
    private static readonly AvroSchema WithoutDefault = Record("{`name`:`a`,`type`:`int`},{`name`:`b`,`type`:`int`}");
    private static readonly AvroSchema Wider = Record("{`name`:`a`,`type`:`long`}");

    [Theory]
    [InlineData(CompatibilityLevel.None, true, true, true)]
    [InlineData(CompatibilityLevel.Backward, true, false, true)]
    [InlineData(CompatibilityLevel.Forward, true, true, false)]
    [InlineData(CompatibilityLevel.Full, true, false, false)]
    public void Each_level_allows_what_it_is_for(
        CompatibilityLevel level, bool added, bool addedWithoutDefault, bool widened)
    {
        Assert.Equal(added, IsCompatible(WithDefault, level, One));
        Assert.Equal(addedWithoutDefault, IsCompatible(WithoutDefault, level, One));
        Assert.Equal(widened, IsCompatible(Wider, level, One));
    }

    [Theory]
    [InlineData(CompatibilityLevel.Backward, true)]
    [InlineData(CompatibilityLevel.BackwardTransitive, false)]
    public void Only_transitive_levels_look_behind_the_newest_version(CompatibilityLevel level, bool expected)
    {
        // Version 1 lacks b, version 2 gave it a default, version 3 takes the default away.
        Assert.Equal(expected, IsCompatible(WithoutDefault, level, One, WithDefault));
    }

    [Theory]
    [InlineData(CompatibilityLevel.Forward, true)]
    [InlineData(CompatibilityLevel.ForwardTransitive, false)]
    [InlineData(CompatibilityLevel.Full, true)]
    [InlineData(CompatibilityLevel.FullTransitive, false)]
    public void Forward_levels_are_transitive_in_the_same_way(CompatibilityLevel level, bool expected)
    {
        // Version 1 needs b, version 2 has a default for it, version 3 no longer writes it.
        Assert.Equal(expected, IsCompatible(One, level, WithoutDefault, WithDefault));
    }

    [Fact]
    public void A_problem_names_the_version_and_the_field()
    {
        var problems = SchemaCompatibility.Check(WithoutDefault, [One], CompatibilityLevel.Backward);

        Assert.Equal(["the new schema cannot read version 1: b is not written and has no default"], problems);
    }

    [Theory]
    [InlineData("[`null`,`int`,`string`]", "[`null`,`int`]", "string is no branch of the union")]
    [InlineData("[`null`,`int`]", "`int`", "null cannot be read as int")]
    [InlineData("`int`", "[`null`,`long`]", null)]
    [InlineData(
        "{`type`:`enum`,`name`:`E`,`symbols`:[`A`,`B`]}", "{`type`:`enum`,`name`:`E`,`symbols`:[`A`]}",
        "enum E lacks B and has no default")]
    [InlineData(
        "{`type`:`enum`,`name`:`E`,`symbols`:[`A`,`B`]}", "{`type`:`enum`,`name`:`E`,`symbols`:[`A`],`default`:`A`}",
        null)]
    [InlineData("{`type`:`array`,`items`:`long`}", "{`type`:`array`,`items`:`int`}", "[] long cannot be read as int")]
    [InlineData("{`type`:`map`,`values`:`int`}", "{`type`:`map`,`values`:`float`}", null)]
    [InlineData("{`type`:`long`,`logicalType`:`timestamp-millis`}", "`long`", null)]
    [InlineData(
        "{`type`:`bytes`,`logicalType`:`decimal`,`precision`:4,`scale`:2}",
        "{`type`:`bytes`,`logicalType`:`decimal`,`precision`:9,`scale`:2}", null)]
    public void A_reader_must_have_a_place_for_everything_that_may_be_written(
        string writer, string reader, string? problem)
    {
        var problems = SchemaCompatibility.CannotRead(AvroSchema.Parse(reader.Json()), AvroSchema.Parse(writer.Json()));

        Assert.Equal(problem is null ? [] : [problem], problems);
    }

    [Fact]
    public void Recursive_records_are_compared_once()
    {
        var list = Record("{`name`:`v`,`type`:`int`},{`name`:`next`,`type`:[`null`,`R`]}");
        var wider = Record("{`name`:`v`,`type`:`long`},{`name`:`next`,`type`:[`null`,`R`]}");

        Assert.Empty(SchemaCompatibility.CannotRead(wider, list));
        Assert.NotEmpty(SchemaCompatibility.CannotRead(list, wider));
    }

    [Fact]
    public void Levels_are_spelled_as_the_registry_does()
    {
        foreach (var level in Enum.GetValues<CompatibilityLevel>())
        {
            Assert.True(CompatibilityLevels.TryParse(CompatibilityLevels.Format(level), out var parsed));
            Assert.Equal(level, parsed);
        }
        Assert.False(CompatibilityLevels.TryParse("SOMETIMES", out _));
        Assert.False(CompatibilityLevels.TryParse(null, out _));
    }

    private static bool IsCompatible(AvroSchema candidate, CompatibilityLevel level, params AvroSchema[] versions) =>
        SchemaCompatibility.Check(candidate, versions, level).Count == 0;

    private static AvroSchema Record(string fields) =>
        AvroSchema.Parse($"{{`type`:`record`,`name`:`R`,`fields`:[{fields}]}}".Json());
}
