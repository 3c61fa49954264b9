using System.Text.Json;
using System.Text.Json.Serialization;

namespace Runner.Engine;

/// <summary>Writes an <see cref="EquatableList{T}"/> as an array and reads it back; null is empty.</summary>
internal sealed class EquatableListConverter<T> : JsonConverter<EquatableList<T>>
{
    public override bool HandleNull => true;

    public override EquatableList<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        JsonSerializer.Deserialize<T[]>(ref reader, options)?.ToEquatableList() ?? EquatableList<T>.Empty;

    public override void Write(Utf8JsonWriter writer, EquatableList<T> value, JsonSerializerOptions options) => JsonSerializer.Serialize(writer, value.ToArray(), options);
}
