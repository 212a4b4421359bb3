/** First names of invented people. Common names stand first, because they are picked more often. */
export const firstNames = words(`
  Maria Anna James John Mohammed David Sarah Michael Emma Daniel Fatima Thomas Laura Robert Sofia Paul Ali Julia Peter
  Lucas Elena Ahmed Linda Mark Olivia Andreas Noah Ana Omar Hannah Jan Mia Carlos Eva Leon Amira Felix Clara Victor
  Ines Hugo Nina Samuel Lena Oscar Aisha Martin Alice Ivan Chloe Adam Marta Lukas Zoe Simon Ida Jakob Lea Antonio Ruth
  Yusuf Elif Mateusz Agnieszka Piotr Katarzyna Sven Astrid Lars Ingrid Henrik Freja Mikko Aino Dimitri Olga Sergei
  Natalia Kenji Yuki Haruto Sakura Wei Ling Jun Mei Raj Priya Arjun Ananya Vikram Deepa Kwame Abena Chidi Ngozi Thabo
  Zanele Diego Camila Mateo Valentina Joaquín Lucía André Zoë François Élodie Jürgen Käthe Søren Åsa Łukasz Żaneta Ömer
  Şule Nguyễn Trần Siobhán Pádraig Charles Grace Ada Alan Edsger Barbara Donald Margaret Dennis Radia Tim Hedy Claude
  Katherine Linus Joan Kurt Emmy Blaise Sophie`)

/** Last names of invented people, common names first. */
export const lastNames = words(`
  Smith Johnson Garcia Müller Khan Nguyen Silva Rossi Kowalski Novak Andersson Jensen Martin Bernard Schmidt Fischer
  Weber Kim Lee Park Chen Wang Li Zhang Liu Singh Patel Kumar Sharma Das Ivanov Petrov Popov Hansen Larsen Nilsson
  Virtanen Korhonen Yılmaz Demir Williams Brown Jones Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson
  Anderson Taylor Moore Jackson Thompson White Harris Clark Lewis Dubois Moreau Laurent Lefebvre Girard Becker Wagner
  Hoffmann Schulz Koch Richter Klein Wolf Neumann Schwarz Zimmermann Krüger Hartmann Lange Krause Bianchi Ferrari
  Esposito Romano Colombo Ricci Marino Greco Conti Gallo Okafor Mensah Adeyemi Dlamini Mbeki Tanaka Suzuki Sato
  Watanabe Yamamoto O’Connor MacDonald McCarthy FitzGerald van-Dijk de-Vries Janssen Bakker Visser Smit Lovelace
  Babbage Hopper Turing Dijkstra Liskov Knuth Hamilton Ritchie Perlman Berners-Lee Lamarr Shannon Johnson-Goble
  Torvalds Clarke Gödel Noether Pascal Germain Hilbert Cantor Euler Gauss Riemann Fermat Abel Galois Jacobi Weyl
  Abernathy Bartholomew Cunningham Davenport Ellsworth Featherstone Galbraith Higginbotham Illingworth Jankowski
  Kirkpatrick Lockwood Montgomery Nightingale Ostrowski Pemberton Quisenberry Ravenscroft Satterthwaite Throckmorton`)

/** The domains of their addresses, common ones first. All are reserved for examples (RFC 2606). */
export const domains = words(`
  mail.example post.example example.com inbox.example example.org letters.example acme.example example.net
  globex.example initech.example umbrella.example hooli.example vandelay.example stark.example wayne.example
  tyrell.example cyberdyne.example soylent.example wonka.example monsters.example`)

function words (text: string) {
  return text.trim().split(/\s+/)
}
