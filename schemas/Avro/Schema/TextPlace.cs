namespace Alloc.Schemas.Avro;

/// <summary>A stretch of a text: offset and length in UTF-16 units, line and column counted from 0.</summary>
public readonly struct TextPlace : IEquatable<TextPlace>
{
    public TextPlace(int offset, int length, int line, int column)
    {
        Offset = offset;
        Length = length;
        Line = line;
        Column = column;
    }

    public int Offset { get; }

    public int Length { get; }

    public int Line { get; }

    public int Column { get; }

    public static bool operator ==(TextPlace left, TextPlace right) => left.Equals(right);

    public static bool operator !=(TextPlace left, TextPlace right) => !left.Equals(right);

    public bool Equals(TextPlace other) => Offset == other.Offset && Length == other.Length;

    public override bool Equals(object? obj) => obj is TextPlace other && Equals(other);

    public override int GetHashCode() => (Offset * 397) ^ Length;
}
