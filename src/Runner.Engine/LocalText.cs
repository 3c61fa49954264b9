using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Runner.Engine;

/// <summary>A sentence of the runner in the two languages that the console speaks. Logs, programs and the hub get the English one, which is also what it converts to.</summary>
[JsonConverter(typeof(LocalTextConverter))]
public sealed record LocalText(string English, string Chinese)
{
    /// <summary>Nothing to say.</summary>
    public static LocalText None { get; } = new("", "");

    /// <summary>Length of the English sentence; 0 where there is nothing to say.</summary>
    public int Length => English.Length;

    /// <summary>Whether it stands as somebody else said it, which is in English.</summary>
    public bool IsQuoted => English == Chinese;

    /// <summary>The sentence for the reader of now.</summary>
    public string Shown => For(CultureInfo.CurrentUICulture);

    /// <summary>What somebody else said, such as an API server: it stays as it was said.</summary>
    public static LocalText Verbatim(string said) => said.Length == 0 ? None : new(said, said);

    /// <summary>The sentence for a reader; English for whoever reads neither.</summary>
    public string For(CultureInfo reader) => reader.TwoLetterISOLanguageName == "zh" ? Chinese : English;

    /// <summary>The sentence and the one after it.</summary>
    public LocalText Then(LocalText next) => Length == 0 ? next : next.Length == 0 ? this : new($"{English} {next.English}", Chinese + next.Chinese);

    /// <summary>The sentence with both texts changed alike, such as shortened.</summary>
    public LocalText With(Func<string, string> change) => new(change(English), change(Chinese));

    /// <inheritdoc/>
    public override string ToString() => English;

    /// <summary>The English sentence.</summary>
    public static implicit operator string(LocalText text) => text.English;
}

/// <summary>Programs read English.</summary>
internal sealed class LocalTextConverter : JsonConverter<LocalText>
{
    /// <inheritdoc/>
    public override LocalText Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => LocalText.Verbatim(reader.GetString() ?? "");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, LocalText value, JsonSerializerOptions options) => writer.WriteStringValue(value.English);
}
