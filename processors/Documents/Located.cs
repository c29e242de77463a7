namespace Alloc.Processors.Documents;

/// <summary>A row and where it stands.</summary>
internal readonly record struct Located<TRow>(TRow Row, FieldReader Place);
