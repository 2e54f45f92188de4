"""Sentences that the call server brings along, in the languages of most voices. Pure.

Each is known by its English words. Steps begin with them and staff may change them; a few are said where nobody could
have written one, such as when something is wrong.
"""

from calls.flows.times import LANGUAGES
from calls.vonage import voices

NOT_A_CHOICE = "Sorry, that is not one of the choices."
LEAVE_A_MESSAGE = "Please leave a message after the tone."
THANKS = "Thank you. Goodbye."
NOTICE = "This call is recorded."
ASK_PIN = "Please key in your PIN, then press hash."
WRONG_PIN = "Sorry, that PIN is wrong."
PRESS_ONE = "To take the call, press 1."
NO_ANSWER = "Sorry, we did not get an answer. Goodbye."
GOODBYE = "Goodbye."
NOT_REACHED = "Sorry, nobody can take your call right now. Goodbye."
OUT_OF_ORDER = "Sorry, something is wrong here. Call again in a few minutes."
IN_A_CIRCLE = "Sorry, this call has gone on in a circle. Goodbye."

SENTENCES: dict[str, dict[str, str]] = {
    NOT_A_CHOICE: {
        "da": "Det er desværre ikke en af mulighederne.",
        "de": "Das steht leider nicht zur Auswahl.",
        "es": "Lo sentimos, esa no es una de las opciones.",
        "fr": "Désolé, ce choix n’existe pas.",
        "it": "Spiacenti, questa non è una delle opzioni.",
        "nl": "Sorry, dat is niet een van de keuzes.",
        "pl": "Przepraszamy, nie ma takiej opcji.",
        "pt": "Desculpe, essa não é uma das opções.",
        "sv": "Det är tyvärr inte ett av valen.",
    },
    LEAVE_A_MESSAGE: {
        "da": "Læg en besked efter tonen.",
        "de": "Bitte hinterlassen Sie nach dem Ton eine Nachricht.",
        "es": "Por favor, deje un mensaje después de la señal.",
        "fr": "Veuillez laisser un message après le signal sonore.",
        "it": "Lasci un messaggio dopo il segnale acustico.",
        "nl": "Laat na de toon een bericht achter.",
        "pl": "Proszę zostawić wiadomość po sygnale.",
        "pt": "Por favor, deixe uma mensagem após o sinal.",
        "sv": "Lämna ett meddelande efter tonen.",
    },
    THANKS: {
        "da": "Tak. Farvel.",
        "de": "Vielen Dank. Auf Wiederhören.",
        "es": "Gracias. Adiós.",
        "fr": "Merci. Au revoir.",
        "it": "Grazie. Arrivederci.",
        "nl": "Dank u wel. Tot ziens.",
        "pl": "Dziękujemy. Do usłyszenia.",
        "pt": "Obrigado. Até logo.",
        "sv": "Tack. Hej då.",
    },
    NOTICE: {
        "da": "Samtalen bliver optaget.",
        "de": "Dieser Anruf wird aufgezeichnet.",
        "es": "Esta llamada se está grabando.",
        "fr": "Cet appel est enregistré.",
        "it": "Questa chiamata viene registrata.",
        "nl": "Dit gesprek wordt opgenomen.",
        "pl": "Ta rozmowa jest nagrywana.",
        "pt": "Esta chamada é gravada.",
        "sv": "Samtalet spelas in.",
    },
    ASK_PIN: {
        "da": "Indtast din pinkode, og tryk derefter på firkant.",
        "de": "Bitte geben Sie Ihre PIN ein, und drücken Sie dann die Rautetaste.",
        "es": "Introduzca su PIN y pulse almohadilla.",
        "fr": "Veuillez saisir votre code, puis appuyer sur dièse.",
        "it": "Digiti il suo PIN, poi prema cancelletto.",
        "nl": "Toets uw pincode in en druk daarna op hekje.",
        "pl": "Proszę wprowadzić PIN i nacisnąć krzyżyk.",
        "pt": "Digite o seu PIN, depois pressione a tecla cardinal.",
        "sv": "Slå din pinkod och avsluta med fyrkant.",
        # What # is called differs on the two sides of an ocean.
        "pt-BR": "Digite o seu PIN, depois pressione a tecla jogo da velha.",
        **dict.fromkeys(("es-CO", "es-MX", "es-US"), "Introduzca su PIN y pulse la tecla numeral."),
    },
    WRONG_PIN: {
        "da": "Pinkoden er desværre forkert.",
        "de": "Diese PIN ist leider falsch.",
        "es": "Lo sentimos, ese PIN no es correcto.",
        "fr": "Désolé, ce code est incorrect.",
        "it": "Spiacenti, il PIN non è corretto.",
        "nl": "Sorry, die pincode is onjuist.",
        "pl": "Przepraszamy, ten PIN jest nieprawidłowy.",
        "pt": "Desculpe, esse PIN não está correto.",
        "sv": "Pinkoden är tyvärr fel.",
    },
    PRESS_ONE: {
        "da": "Tryk 1 for at tage opkaldet.",
        "de": "Um den Anruf anzunehmen, drücken Sie die 1.",
        "es": "Para atender la llamada, pulse 1.",
        "fr": "Pour prendre l’appel, appuyez sur 1.",
        "it": "Per rispondere alla chiamata, prema 1.",
        "nl": "Druk op 1 om het gesprek aan te nemen.",
        "pl": "Aby odebrać połączenie, proszę nacisnąć 1.",
        "pt": "Para atender a chamada, pressione 1.",
        "sv": "Tryck 1 för att ta samtalet.",
    },
    NO_ANSWER: {
        "da": "Vi fik desværre ikke noget svar. Farvel.",
        "de": "Leider haben wir keine Antwort von Ihnen erhalten. Auf Wiederhören.",
        "es": "Lo sentimos, no hemos recibido ninguna respuesta. Adiós.",
        "fr": "Désolé, nous n’avons pas reçu de réponse. Au revoir.",
        "it": "Spiacenti, non abbiamo ricevuto risposta. Arrivederci.",
        "nl": "Sorry, we hebben geen antwoord ontvangen. Tot ziens.",
        "pl": "Przepraszamy, nie otrzymaliśmy odpowiedzi. Do usłyszenia.",
        "pt": "Desculpe, não recebemos uma resposta. Até logo.",
        "sv": "Vi fick tyvärr inget svar. Hej då.",
    },
    GOODBYE: {
        "da": "Farvel.",
        "de": "Auf Wiederhören.",
        "es": "Adiós.",
        "fr": "Au revoir.",
        "it": "Arrivederci.",
        "nl": "Tot ziens.",
        "pl": "Do usłyszenia.",
        "pt": "Até logo.",
        "sv": "Hej då.",
    },
    NOT_REACHED: {
        "da": "Ingen kan desværre tage dit opkald lige nu. Farvel.",
        "de": "Leider kann Ihr Anruf im Moment nicht angenommen werden. Auf Wiederhören.",
        "es": "Lo sentimos, nadie puede atender su llamada en este momento. Adiós.",
        "fr": "Désolé, personne ne peut prendre votre appel pour le moment. Au revoir.",
        "it": "Spiacenti, in questo momento nessuno può rispondere. Arrivederci.",
        "nl": "Sorry, op dit moment kan niemand uw gesprek aannemen. Tot ziens.",
        "pl": "Przepraszamy, w tej chwili nikt nie może odebrać. Do usłyszenia.",
        "pt": "Desculpe, ninguém pode atender a sua chamada neste momento. Até logo.",
        "sv": "Ingen kan tyvärr ta ditt samtal just nu. Hej då.",
    },
    OUT_OF_ORDER: {
        "da": "Der er desværre noget galt her. Ring igen om et par minutter.",
        "de": "Leider ist hier etwas nicht in Ordnung. Bitte rufen Sie in einigen Minuten noch einmal an.",
        "es": "Lo sentimos, ha ocurrido un problema. Vuelva a llamar dentro de unos minutos.",
        "fr": "Désolé, un problème est survenu. Veuillez rappeler dans quelques minutes.",
        "it": "Spiacenti, si è verificato un problema. Richiami tra qualche minuto.",
        "nl": "Sorry, er is iets misgegaan. Bel over een paar minuten opnieuw.",
        "pl": "Przepraszamy, coś poszło nie tak. Proszę zadzwonić ponownie za kilka minut.",
        "pt": "Desculpe, ocorreu um problema. Ligue novamente dentro de alguns minutos.",
        "sv": "Något är tyvärr fel här. Ring igen om några minuter.",
    },
    IN_A_CIRCLE: {
        "da": "Dette opkald er desværre gået i ring. Farvel.",
        "de": "Leider hat sich dieser Anruf im Kreis gedreht. Auf Wiederhören.",
        "es": "Lo sentimos, esta llamada ha entrado en un círculo. Adiós.",
        "fr": "Désolé, cet appel tourne en rond. Au revoir.",
        "it": "Spiacenti, questa chiamata gira in tondo. Arrivederci.",
        "nl": "Sorry, dit gesprek draait in een kring rond. Tot ziens.",
        "pl": "Przepraszamy, to połączenie krąży w kółko. Do usłyszenia.",
        "pt": "Desculpe, esta chamada entrou em círculo. Até logo.",
        "sv": "Det här samtalet har tyvärr gått runt i en cirkel. Hej då.",
    },
}
_ENGLISH = {said: english for english, others in SENTENCES.items() for said in (english, *others.values())}


def spoken(english: str, language: str) -> str | None:
    """Give a sentence of ours in the language of a voice ("de-AT"); None where it is not known in that."""
    if base_of(language) == "en":
        return english
    known = SENTENCES[english]
    return known.get(language) or known.get(base_of(language))


def in_language(text: str, language: str) -> str:
    """Give a text in the language of a voice where it is a sentence of ours, whichever it was in; else as it is."""
    english = _ENGLISH.get(text)
    return (spoken(english, language) or english) if english else text


def foreign(text: str, language: str) -> str:
    """Say that a sentence of ours is not in the language of the voice that reads it, with the cure; "" where it is."""
    english = _ENGLISH.get(text)
    if english is None or base_of(language) == _base_of_text(text):
        return ""
    right = spoken(english, language)
    cure = f"Write “{right}”" if right else "Write it in that language"
    speaks = f"“{text}” is {called(_base_of_text(text))}, and the voice speaks {called(language)}."
    return f"{speaks} {cure}, or your own words."


def base_of(language: str) -> str:
    """The language of a voice without its country: "de"."""
    return language.partition("-")[0]


def _base_of_text(text: str) -> str:
    others = SENTENCES[_ENGLISH[text]]
    return next((base_of(code) for code, said in others.items() if said == text), "en")


def called(language: str) -> str:
    """The name of a voice's language: "German"."""
    found = LANGUAGES.get(base_of(language)) or dict(voices.languages()).get(language) or language
    return found.partition(" (")[0]
