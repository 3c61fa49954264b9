using LiteDB;

namespace Runner.Engine.Storage;

/// <summary>How objects become documents: strings stay as they are, enumerations are numbers.</summary>
internal static class DatabaseMapping
{
    public static BsonMapper Create() => new()
    {
        // LiteDB's defaults turn "" into null and cut spaces off.
        EmptyStringToNull = false,
        TrimWhitespace = false,
        EnumAsInteger = true,
    };
}
