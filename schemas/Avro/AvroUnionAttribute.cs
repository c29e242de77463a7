namespace Alloc.Schemas.Avro;

/// <summary>
/// Marks the abstract record of a union: its nested records are all there are. A switch over it that says that nothing
/// else can occur, by throwing <see cref="System.Diagnostics.UnreachableException"/> for the rest, is checked when it
/// is compiled (AVRO003): it must name every branch, so a branch that is added to the schema shows where it has to be
/// thought of.
/// </summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class AvroUnionAttribute : Attribute;
