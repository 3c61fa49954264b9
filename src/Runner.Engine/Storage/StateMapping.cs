using LiteDB;

namespace Runner.Engine.Storage;

/// <summary>Turns objects into the documents of a <see cref="StateTransaction"/>, as <see cref="Database"/> itself does.</summary>
/// <typeparam name="T">With a constructor without parameters.</typeparam>
internal static class StateMapping<T>
    where T : new()
{
    private static readonly BsonMapper Mapper = Warm();

    public static BsonDocument ToDocument(T value) => Mapper.ToDocument(value);

    public static T ToObject(BsonDocument document) => Mapper.ToObject<T>(document);

    // LiteDB's own lazy preparation is not safe while other threads map.
    private static BsonMapper Warm()
    {
        var mapper = DatabaseMapping.Create();
        mapper.ToObject<T>(mapper.ToDocument(new T()));
        return mapper;
    }
}
