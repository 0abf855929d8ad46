/** What people write in the fake workspace. */
export const texts = {
  en: [
    "Good morning. The drawings for the **second floor** are ready.",
    "I put the numbers into the budget: `12 480` in total, which is _less_ than we feared.",
    "Two questions:\n\n- who orders the windows?\n- when does the crane come?",
    "> who orders the windows?\n\nI do, this afternoon.",
    "See https://www.example.org/standards/en-1090 and [the offer](https://supplier.example.net/offer/4711).",
    "```ts\nexport const area = (w: number, h: number) => w * h\n```\nThat is all it takes.",
    "👍",
    "The meeting moves to three o’clock. ~~Room 2~~ the large room, since eleven people come. If you cannot be there, write to me before noon and I will send you the notes, together with the list of open points and who has taken which of them.",
    "1. measure\n2. order\n3. wait six weeks",
  ],
  fr: [
    "Bonjour à tous. Les plans du **deuxième étage** sont prêts.",
    "J’ai reporté les chiffres dans le budget : `12 480` au total, _moins_ que prévu.",
    "Deux questions :\n\n- qui commande les fenêtres ?\n- quand la grue arrive-t-elle ?",
    "> qui commande les fenêtres ?\n\nMoi, cet après-midi.",
    "Voir https://www.example.org/normes/en-1090 et [le devis](https://fournisseur.example.net/devis/4711).",
    "```ts\nexport const aire = (l: number, h: number) => l * h\n```\nC’est tout.",
    "👍",
    "La réunion est décalée à quinze heures. ~~Salle 2~~ la grande salle, puisque nous serons onze. Si vous ne pouvez pas venir, écrivez-moi avant midi : je vous enverrai le compte rendu avec la liste des points ouverts et de leurs responsables.",
    "1. mesurer\n2. commander\n3. attendre six semaines",
  ],
}

/** What their documents are called. */
export const titles = {
  en: [
    "Report on the harbour front",
    "Minutes of the site meeting of 12 November, with the decisions on windows, crane and façade",
    "Offer for the second floor",
    "Budget 2027",
    "How we work",
    "",
    "Letter to the neighbours",
  ],
  fr: [
    "Rapport sur la rue des Lilas",
    "Compte rendu de la réunion de chantier du 12 novembre : fenêtres, grue et façade",
    "Devis du deuxième étage",
    "Budget 2027",
    "Notre façon de travailler",
    "",
    "Lettre aux riverains",
  ],
}

/** The folders that the documents lie in, in turn. */
export const folders = {
  en: ["Site", "Site/Minutes", "", "Finance", ""],
  fr: ["Chantier", "Chantier/Comptes rendus", "", "Finances", ""],
}

/** The channels beside the general one. */
export const topics = {
  en: ["budget", "announcements", "harbour-front-renovation", "hiring", "lunch"],
  fr: ["budget", "annonces", "chantier-rue-des-lilas", "recrutement", "café"],
}

/** Everybody but the person at the page. */
export const names = [
  "Ben Carter",
  "Chloé Dubois-Marchand",
  "Dariusz Nowak",
  "Élodie Lefèvre",
  "Farid Benali",
  "Ana-Maria Konstantinopoulou-Vandenberghe de la Fontaine",
  "Gwenaëlle Le Goff",
  "Hiro Tanaka",
]
